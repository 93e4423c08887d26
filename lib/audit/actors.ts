import type { Promised } from './promises.ts';
import type { StepName } from './task-model.ts';

/** Who takes part in the protocol: the parts of the service, and whoever submits or looks after tasks. */
export type Actor = 'signals' | 'reconcile' | 'agent' | 'producer' | 'operator';

/** The table's second column. */
export const STEPS_OF: Readonly<Record<Actor, readonly StepName[]>> = {
  agent: ['submit', 'take', 'checkpoint', 'commit', 'fail', 'hand-back'],
  reconcile: ['release', 'check-again'],
  signals: ['release'],
  producer: ['submit'],
  operator: ['cancel', 'retry'],
};

/** The promise that a wrongly accepted step breaks. */
export const PROMISE_OF: Readonly<Record<StepName, Promised>> = {
  submit: 'W1',
  take: 'W2',
  checkpoint: 'W6',
  commit: 'W2',
  fail: 'W5',
  'hand-back': 'W1',
  release: 'W1',
  'check-again': 'W1',
  cancel: 'W1',
  retry: 'W1',
};
