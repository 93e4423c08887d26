import { ROW_RETENTION_DAYS } from '../fleet/limits.ts';
import { firstCheckAt, needsFallback, releasedCheckAt, resendAt, type TaskStep } from '../fleet/task-protocol.ts';
import { type EpochMs, toIso } from '../fleet/time.ts';
import { assign, attribute, increase, type Update } from './expressions.ts';

/** What a step writes: attributes set, counters raised, attributes removed. */
interface Effect {
  readonly set?: Readonly<Record<string, unknown>>;
  readonly increase?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
}

/** Every step but `submit`, which writes a whole row. */
export type UpdatingStep = Exclude<TaskStep, { readonly step: 'submit' }>;
type StepOf<S extends UpdatingStep['step']> = Extract<UpdatingStep, { readonly step: S }>;

/** DynamoDB's time to live counts in whole seconds; a row may stay longer, never shorter (W1). */
export const expiresAtSeconds = (finishedAt: EpochMs): number =>
  Math.ceil(finishedAt / 1_000) + ROW_RETENTION_DAYS * 24 * 3_600;

/** The part of the index of ended rows that a row is listed in: its UTC day, spread like the sweep's index. */
export const endedOn = (finishedAt: EpochMs, shard: number): string => `${toIso(finishedAt).slice(0, 10)}#${shard}`;

const readyAgain = (checkAt: EpochMs, shard: number, more: Effect = {}): Effect => ({
  ...more,
  set: { ...more.set, status: 'ready', checkAt, shard },
  remove: ['owner', 'session', 'takenAt', ...(more.remove ?? [])],
});

const finished = (status: 'done' | 'dead' | 'cancelled', now: EpochMs, shard: number, more: Effect = {}): Effect => ({
  ...more,
  set: { ...more.set, status, finishedAt: now, endedOn: endedOn(now, shard), expiresAt: expiresAtSeconds(now) },
  remove: ['checkAt', 'shard'],
});

const failed = (step: StepOf<'fail'>, shard: number): Effect => {
  const counted: Effect = { set: { reason: step.reason }, increase: { failures: 1 } };
  if (step.failuresBefore + 1 >= step.failuresMax) return finished('dead', step.now, shard, counted);
  return readyAgain(resendAt(step.now, step.retryDelaySeconds), shard, counted);
};

const checkpointed = ({ checkpoint, before }: StepOf<'checkpoint'>): Effect =>
  before !== undefined && needsFallback(checkpoint)
    ? { set: { checkpoint, checkpointBefore: before } }
    : { set: { checkpoint }, remove: ['checkpointBefore'] };

const EFFECTS: { readonly [S in UpdatingStep['step']]: (step: StepOf<S>, shard: number) => Effect } = {
  take: ({ owner, session, now }) => ({
    set: { status: 'running', owner, session, takenAt: now, checkAt: firstCheckAt(now) },
    increase: { attempt: 1 },
  }),
  checkpoint: checkpointed,
  commit: ({ result, now }, shard) => finished('done', now, shard, { set: { result } }),
  fail: failed,
  'hand-back': ({ now, countsAsReclaim, retryDelaySeconds }, shard) =>
    readyAgain(resendAt(now, retryDelaySeconds), shard, countsAsReclaim ? { increase: { reclaims: 1 } } : {}),
  release: ({ now }, shard) => readyAgain(releasedCheckAt(now), shard, { increase: { reclaims: 1 } }),
  'check-again': ({ checkAt, sentAgainAt }) => ({
    set: { checkAt, ...(sentAgainAt === undefined ? {} : { sentAgainAt }) },
  }),
  cancel: ({ now }, shard) => finished('cancelled', now, shard),
  retry: ({ now }, shard) =>
    readyAgain(resendAt(now), shard, {
      set: { failures: 0 },
      remove: ['finishedAt', 'reason', 'expiresAt', 'endedOn'],
    }),
};

/** The update of a step, on a row that is listed in this part of the sweep's index while it is unfinished. */
export const updateOf = (step: UpdatingStep, shard: number): Update => {
  const effectOf = EFFECTS[step.step] as (step: UpdatingStep, shard: number) => Effect;
  const effect = effectOf(step, shard);
  return {
    set: [
      ...Object.entries(effect.set ?? {}).map(([name, content]) => assign(attribute(name), content)),
      ...Object.entries(effect.increase ?? {}).map(([name, by]) => increase(attribute(name), by)),
    ],
    remove: (effect.remove ?? []).map((name) => attribute(name)),
  };
};
