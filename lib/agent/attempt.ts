import { type Checkpoint, isFinished, type TaskRecord } from '../fleet/task.ts';
import { needsFallback, type TaskOutcome, type TaskStep } from '../fleet/task-protocol.ts';
import type { EpochMs } from '../fleet/time.ts';
import { StaleAttempt } from '../worker/errors.ts';
import { packContent } from '../workflows/content.ts';
import { RESULT_TRIES_MAX, withRetries } from './retry.ts';
import type { ProgressReport } from './runner.ts';
import type { AgentShared } from './world.ts';

/** One attempt at one task: ours until the ledger says otherwise. */
export interface Attempt {
  readonly row: TaskRecord;
  readonly startedAt: EpochMs;
  /** Aborted once the ledger has refused something of this attempt, or shows that it would; its reason says which. */
  readonly staleSignal: AbortSignal;
  /**
   * Reads the row, and goes stale when somebody else has taken the task or it was cancelled. One that was released, and
   * that nobody has taken since, may still win. @throws when the ledger cannot be reached
   */
  lookAgain(): Promise<void>;
  /**
   * Reads the row if there was a pause since it was taken: to begin is an outside effect too. @throws when the ledger
   * cannot be reached
   */
  isOurs(): Promise<boolean>;
  /** The ledger could not be reached for what it was last asked: what the task throws then is not its own failure. */
  isCutOff(): boolean;
  /** What the task goes on from, where that is not the newest checkpoint of its row: that one could not be read. */
  resumedFrom(checkpoint: Checkpoint | undefined): void;
  /** @throws StaleAttempt when refused; any other error when the ledger cannot be reached */
  checkpoint(text: string): Promise<void>;
  /** Commits in the middle of the run. @throws StaleAttempt when refused; any other error when the ledger cannot be reached */
  commit(result: string): Promise<void>;
  /** Its result is in the ledger: whatever the run ends with counts for nothing. */
  isCommitted(): boolean;
  /** Commits, and answers what the ledger says of it. */
  settleResult(result: string): Promise<TaskOutcome>;
  /**
   * One step of this attempt. After a pause the row is read first, and what is not ours any more is refused without a
   * write (reliability F57).
   */
  apply(step: TaskStep): Promise<TaskOutcome>;
  progress(report: ProgressReport): void;
  /** The newest of each thing the task has told. */
  reported(): ProgressReport;
}

/** Why an attempt is over: what it wrote was refused, or its row said so before it wrote anything. */
export type StaleReason = 'refused' | 'given-away';

/** Done or dead under our own number was written by us: the answer may be on its way still. */
const isGivenAway = (row: TaskRecord | undefined, ours: TaskRecord): boolean =>
  row === undefined || row.attempt !== ours.attempt || row.status === 'cancelled';

const isUnfinished = (row: TaskRecord | undefined, ours: TaskRecord): boolean =>
  row !== undefined && row.attempt === ours.attempt && !isFinished(row);

/** Runs what it is given one after the other: a later checkpoint must not overtake an earlier one. */
const createLine = () => {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(next: () => Promise<T>): Promise<T> => {
    const result = last.then(next, next);
    last = result;
    return result;
  };
};

/** The row behind the fence: who may still write, and what has been refused. */
const createFence = (shared: AgentShared, row: TaskRecord, pausesBefore: number) => {
  const { clock, tasks } = shared.ports;
  const { commitTurns } = shared;
  const stale = new AbortController();
  const goStale = (reason: StaleReason): void => stale.abort(reason);
  let pausesSeen = pausesBefore;

  const refusal = (found: TaskRecord | undefined): TaskOutcome => {
    goStale('refused');
    return { outcome: 'refused', row: found, unmet: found === undefined ? 'rowMissing' : 'attemptIsOurs' };
  };

  /** `undefined` while the attempt is ours, as far as can be known. */
  const refusalBefore = async (): Promise<TaskOutcome | undefined> => {
    const pauses = shared.pulse.pauses(clock.now());
    if (pauses === pausesSeen && !stale.signal.aborted) return undefined;
    const found = await withRetries(clock, () => tasks.get(row.taskId));
    if (stale.signal.aborted || !isUnfinished(found, row)) return refusal(found);
    pausesSeen = pauses;
    return undefined;
  };

  const apply = async (step: TaskStep, triesMax?: number): Promise<TaskOutcome> => {
    // Before each try: the pause may be what an answer was lost by, or have come while others had their turn.
    const write = async (): Promise<TaskOutcome> => (await refusalBefore()) ?? tasks.apply(row.taskId, step);
    const inTurn = step.step === 'commit' ? () => commitTurns(write) : write;
    const outcome = await withRetries(clock, inTurn, triesMax);
    if (outcome.outcome === 'refused') goStale('refused');
    return outcome;
  };

  const lookAgain = async (): Promise<void> => {
    if (isGivenAway(await tasks.get(row.taskId), row)) goStale('given-away');
  };

  return { staleSignal: stale.signal, refusalBefore, apply, lookAgain };
};

const throwIfRefused = ({ outcome }: TaskOutcome): void => {
  if (outcome === 'refused') throw new StaleAttempt();
};

/** Whoever keeps the same twice has one object for both: to go back from it to itself would be of no use. */
const isSameObject = ({ content }: Checkpoint, last: Checkpoint | undefined): boolean =>
  last?.content.sha256 === content.sha256;

/** `pausesBefore`: the pauses that there had been before the task was taken. */
export const createAttempt = (shared: AgentShared, row: TaskRecord, pausesBefore: number): Attempt => {
  const { clock, blobs } = shared.ports;
  const fence = createFence(shared, row, pausesBefore);
  const inLine = createLine();
  let last = row.checkpoint;
  let before = row.checkpointBefore;
  let sequence = row.checkpoint?.sequence ?? 0;
  /** What could not be written the last time: whatever the task throws for that is not its own failure. */
  const lost = new Set<'checkpoint' | 'commit'>();
  let isCommitted = false;
  let reported: ProgressReport = {};

  const pack = (text: string) => withRetries(clock, () => packContent(blobs, text));

  const writeCheckpoint = async (text: string): Promise<TaskOutcome> => {
    const refused = await fence.refusalBefore();
    if (refused !== undefined) return refused;
    sequence += 1;
    const { share } = reported;
    const checkpoint: Checkpoint = { sequence, content: await pack(text), ...(share === undefined ? {} : { share }) };
    const replaced = isSameObject(checkpoint, last) ? before : last;
    const fallback = replaced !== undefined && needsFallback(checkpoint) ? { before: replaced } : {};
    const outcome = await fence.apply({ step: 'checkpoint', attempt: row.attempt, checkpoint, ...fallback });
    if (outcome.outcome === 'refused') return outcome;
    last = checkpoint;
    before = replaced;
    return outcome;
  };

  const writeResult = async (text: string): Promise<TaskOutcome> => {
    const refused = await fence.refusalBefore();
    if (refused !== undefined) return refused;
    const step = { step: 'commit', attempt: row.attempt, result: await pack(text), now: clock.now() } as const;
    const outcome = await fence.apply(step, RESULT_TRIES_MAX);
    isCommitted ||= outcome.outcome !== 'refused';
    return outcome;
  };

  /** What the ledger could not be asked for is nobody's failure; what it refused is not ours any more. */
  const forTheTask = async (what: 'checkpoint' | 'commit', write: () => Promise<TaskOutcome>): Promise<void> => {
    const outcome = await inLine(write).catch((error: unknown) => {
      lost.add(what);
      throw error;
    });
    throwIfRefused(outcome);
    lost.delete(what);
  };

  return {
    row,
    startedAt: clock.now(),
    staleSignal: fence.staleSignal,
    lookAgain: fence.lookAgain,
    isOurs: async () => (await fence.refusalBefore()) === undefined,
    isCutOff: () => lost.size > 0,
    resumedFrom: (checkpoint) => {
      last = checkpoint;
      before = undefined;
    },
    // A task that still tidies up after its commit may go on keeping its state; nobody will ever need it.
    checkpoint: async (text) => (isCommitted ? undefined : forTheTask('checkpoint', () => writeCheckpoint(text))),
    commit: (result) => forTheTask('commit', () => writeResult(result)),
    isCommitted: () => isCommitted,
    settleResult: (result) => inLine(() => writeResult(result)),
    apply: (step) => inLine(() => fence.apply(step)),
    progress: (report) => {
      reported = { ...reported, ...report };
    },
    reported: () => reported,
  };
};
