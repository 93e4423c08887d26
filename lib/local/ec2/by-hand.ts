/**
 * The market's hand, lent to whoever watches a local cloud: a spot machine is interrupted when they say so. AWS has no
 * such call; its own name in the signature keeps it apart from everything that AWS has. Recorded as scripted, as it is
 * not the market's doing.
 */

import { jsonBody, restJsonAnswer } from '../http/json-call.ts';
import type { Machine } from '../machines/machine.ts';
import { AwsError, type LocalService } from '../service.ts';
import { type Ec2State, liveMachines } from './state.ts';

export const BY_HAND_SERVICE = 'spothop-local';

/** As in a script: a notice two minutes ahead, a recommendation, or an end without a word. */
const INTERRUPTIONS = ['notice', 'rebalance', 'kill'] as const;
export type Interruption = (typeof INTERRUPTIONS)[number];

/** What became of each machine that was named; `refused` says why nothing was done to it. */
export interface InterruptedMachine {
  readonly instanceId: string;
  readonly refused?: string;
}

const isInterruption = (value: unknown): value is Interruption => (INTERRUPTIONS as readonly unknown[]).includes(value);

const strike = (machine: Machine, how: Interruption): void => {
  if (how === 'rebalance') machine.recommendRebalance(true);
  else if (how === 'kill') void machine.end('spot-kill', true);
  else void machine.reclaimWithNotice(true);
};

const whyNot = (machine: Machine, how: Interruption): string | undefined => {
  if (machine.state !== 'running') return `it is ${machine.state}; only a running machine can be interrupted`;
  if (machine.launch.purchase !== 'spot') return 'it is on demand, and EC2 takes only spot machines';
  if (how === 'notice' && machine.deadlineAt !== undefined) return 'it has its notice already';
  return how === 'rebalance' && machine.rebalanceAt !== undefined ? 'it has its recommendation already' : undefined;
};

const interrupt = (state: Ec2State, instanceId: string, how: Interruption): InterruptedMachine => {
  const machine = state.machines.get(instanceId);
  if (machine === undefined) return { instanceId, refused: 'there is no such machine' };
  const refused = whyNot(machine, how);
  if (refused !== undefined) return { instanceId, refused };
  strike(machine, how);
  return { instanceId };
};

/** Every running spot machine where nobody is named. */
const named = (state: Ec2State, ids: unknown): readonly string[] =>
  Array.isArray(ids)
    ? ids.map(String)
    : liveMachines(state, 'spot')
        .filter((machine) => machine.state === 'running')
        .map((machine) => machine.launch.instanceId);

export const byHandService = (state: Ec2State): LocalService => ({
  signingNames: [BY_HAND_SERVICE],
  understand: (request) => ({ action: `${BY_HAND_SERVICE}:Interrupt`, checks: [], parameters: jsonBody(request) }),
  handle: async (request) => {
    // Machines and functions have no say in which machines are taken.
    if (request.caller.kind !== 'root') throw new AwsError(403, 'AccessDenied', 'Only a person interrupts by hand.');
    const { how, instanceIds } = jsonBody(request);
    if (!isInterruption(how)) throw new AwsError(400, 'ValidationError', `how is one of ${INTERRUPTIONS.join(', ')}.`);
    return restJsonAnswer(named(state, instanceIds).map((instanceId) => interrupt(state, instanceId, how)));
  },
  error: (status, code, message) => restJsonAnswer({ code, message }, status),
});
