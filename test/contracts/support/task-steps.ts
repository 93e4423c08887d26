import fc from 'fast-check';
import type { InstanceId } from '../../../lib/fleet/ids.ts';
import type { TaskRecord } from '../../../lib/fleet/task.ts';
import type { TaskStep } from '../../../lib/fleet/task-protocol.ts';
import { epochMs } from '../../../lib/fleet/time.ts';
import { content, instanceOf, instants, objectContent, SESSIONS, submittedRow, taskOf } from './samples.ts';

/** What is drawn once and then said about the ids of each run: which task, and the step for its row as it stands. */
export interface DrawnStep {
  readonly task: number;
  readonly facts: unknown;
  readonly of: (run: number, row: TaskRecord | undefined) => TaskStep;
}

/** A step's idea of the attempt: mostly the row's own, else one that may be long past or yet to come. */
type Attempt = number | 'own';
const attempt: fc.Arbitrary<Attempt> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Attempt>('own') },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 }) },
);
const attemptOf = (drawn: Attempt, row: TaskRecord | undefined): number =>
  drawn === 'own' ? (row?.attempt ?? 0) : drawn;

/** Three workers on two machines: two agents of one machine must not be taken for each other. */
const worker = fc.integer({ min: 0, max: 2 });
const machineOf = (run: number, number: number): InstanceId => instanceOf(run, number % 2);

const now = instants;

export const stepsOf = (task: number): fc.Arbitrary<DrawnStep> => {
  const drawn = <Facts>(
    facts: fc.Arbitrary<Facts>,
    make: (facts: Facts, run: number, row: TaskRecord | undefined) => TaskStep,
  ) => facts.map((fact): DrawnStep => ({ task, facts: fact, of: (run, row) => make(fact, run, row) }));

  const submit = drawn(fc.constantFrom('body', 'body', 'other'), (body, run) => ({
    step: 'submit',
    row: submittedRow(taskOf(run, task), body),
  }));
  const take = drawn(fc.record({ worker, now }), (fact, run) => ({
    step: 'take',
    owner: machineOf(run, fact.worker),
    session: SESSIONS[fact.worker]!,
    now: fact.now,
  }));
  const checkpoint = drawn(
    fc.record({
      attempt,
      sequence: fc.integer({ min: 1, max: 3 }),
      text: fc.constantFrom('', 'half'),
      isObject: fc.boolean(),
      share: fc.option(fc.constantFrom(0, 0.5), { nil: undefined }),
    }),
    (fact, _run, row) => ({
      step: 'checkpoint',
      attempt: attemptOf(fact.attempt, row),
      checkpoint: {
        sequence: fact.sequence,
        content: fact.isObject ? objectContent(fact.text) : content(fact.text),
        ...(fact.share === undefined ? {} : { share: fact.share }),
      },
      ...(row?.checkpoint === undefined ? {} : { before: row.checkpoint }),
    }),
  );
  const commit = drawn(fc.record({ attempt, text: fc.constantFrom('one', 'two'), now }), (fact, _run, row) => ({
    step: 'commit',
    attempt: attemptOf(fact.attempt, row),
    result: content(fact.text),
    now: fact.now,
  }));
  const fail = drawn(
    fc.record({
      attempt,
      now,
      failuresMax: fc.constantFrom(1, 2),
      isRepeated: fc.boolean(),
      reason: fc.constantFrom('exit 1', 'exit 2'),
    }),
    (fact, _run, row) => ({
      step: 'fail',
      attempt: attemptOf(fact.attempt, row),
      now: fact.now,
      reason: fact.reason,
      failuresBefore: Math.max(0, (row?.failures ?? 0) - (fact.isRepeated ? 1 : 0)),
      failuresMax: fact.failuresMax,
      retryDelaySeconds: 30,
    }),
  );
  const givenUp = fc.record({ attempt, now, isOwner: fc.constantFrom(true, true, true, false), worker });
  const ownerOf = (fact: { isOwner: boolean; worker: number }, run: number, row: TaskRecord | undefined): InstanceId =>
    (fact.isOwner ? row?.owner : undefined) ?? machineOf(run, fact.worker);
  const handBack = drawn(fc.tuple(givenUp, fc.boolean(), fc.boolean()), ([fact, countsAsReclaim, rests], run, row) => ({
    step: 'hand-back',
    attempt: attemptOf(fact.attempt, row),
    owner: ownerOf(fact, run, row),
    now: fact.now,
    countsAsReclaim,
    ...(rests ? { retryDelaySeconds: 90 } : {}),
  }));
  const release = drawn(givenUp, (fact, run, row) => ({
    step: 'release',
    attempt: attemptOf(fact.attempt, row),
    owner: ownerOf(fact, run, row),
    now: fact.now,
  }));
  const checkAgain = drawn(fc.record({ attempt, checkAt: instants, isSent: fc.boolean() }), (fact, _run, row) => ({
    step: 'check-again',
    attempt: attemptOf(fact.attempt, row),
    checkAt: fact.checkAt,
    ...(fact.isSent ? { sentAgainAt: fact.checkAt } : {}),
  }));
  const cancel = drawn(now, (instant) => ({ step: 'cancel', now: instant }));
  const retry = drawn(now, (instant) => ({ step: 'retry', now: instant }));

  return fc.oneof(
    { weight: 2, arbitrary: submit },
    { weight: 6, arbitrary: take },
    { weight: 3, arbitrary: checkpoint },
    { weight: 2, arbitrary: commit },
    { weight: 7, arbitrary: fail },
    { weight: 2, arbitrary: handBack },
    { weight: 2, arbitrary: release },
    { weight: 1, arbitrary: checkAgain },
    { weight: 2, arbitrary: cancel },
    { weight: 6, arbitrary: retry },
  );
};

/** How nearly every task's life begins, so that a short sequence gets past the beginning. */
export const beginning: readonly DrawnStep[] = [
  { task: 0, facts: 'submit', of: (run) => ({ step: 'submit', row: submittedRow(taskOf(run, 0)) }) },
  {
    task: 0,
    facts: 'take',
    of: (run) => ({ step: 'take', owner: machineOf(run, 0), session: SESSIONS[0], now: epochMs(2_000) }),
  },
];
