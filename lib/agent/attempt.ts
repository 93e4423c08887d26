import type { Content, TaskRecord } from '../fleet/task.ts';
import { isFinished } from '../fleet/task.ts';
import type { EpochMs } from '../fleet/time.ts';
import { StaleAttempt } from '../worker/define-task.ts';
import { packContent } from '../workflows/content.ts';
import { withRetries } from './retry.ts';
import type { ProgressReport } from './runner.ts';
import type { AgentShared } from './world.ts';

/** One attempt at one task: ours until the ledger says otherwise. */
export interface Attempt {
  readonly row: TaskRecord;
  readonly startedAt: EpochMs;
  /** Aborted once the ledger has refused something of this attempt. */
  readonly staleSignal: AbortSignal;
  checkpointedAt(): EpochMs | undefined;
  /** The ledger could not be reached for a checkpoint: what the task throws then is not its own failure. */
  isCutOff(): boolean;
  /** After a pause the row is read before the next outside effect. @throws StaleAttempt */
  assertOurs(): Promise<void>;
  /** @throws StaleAttempt when refused; any other error when the ledger cannot be reached */
  checkpoint(text: string): Promise<void>;
  /** Commits in the middle of the run. @throws StaleAttempt when refused; any other error when the ledger cannot be reached */
  commit(result: string): Promise<void>;
  /** Its result is in the ledger: whatever the run ends with counts for nothing. */
  isCommitted(): boolean;
  progress(report: ProgressReport): void;
  /** The newest of each thing the task has told. */
  reported(): ProgressReport;
}

const isOurs = (row: TaskRecord | undefined, ours: TaskRecord): boolean =>
  row !== undefined && row.attempt === ours.attempt && !isFinished(row);

export const createAttempt = (shared: AgentShared, row: TaskRecord): Attempt => {
  const { clock, tasks, blobs } = shared.ports;
  const stale = new AbortController();
  let sequence = row.checkpoint?.sequence ?? 0;
  let checkpointedAt: EpochMs | undefined;
  let isCutOff = false;
  let isCommitted = false;
  let reported: ProgressReport = {};
  let pausesSeen = shared.pulse.pauses(clock.now());

  const refuse = (): never => {
    stale.abort();
    throw new StaleAttempt();
  };

  const assertOurs = async (): Promise<void> => {
    if (stale.signal.aborted) throw new StaleAttempt();
    const pauses = shared.pulse.pauses(clock.now());
    if (pauses === pausesSeen) return;
    const found = await withRetries(clock, () => tasks.get(row.taskId));
    if (!isOurs(found, row)) refuse();
    pausesSeen = pauses;
  };

  const writeCheckpoint = async (text: string): Promise<void> => {
    await assertOurs();
    sequence += 1;
    const content: Content = await withRetries(clock, () => packContent(blobs, text));
    const { share } = reported;
    const checkpoint = { sequence, content, ...(share === undefined ? {} : { share }) };
    const step = { step: 'checkpoint', attempt: row.attempt, checkpoint } as const;
    const { outcome } = await withRetries(clock, () => tasks.apply(row.taskId, step));
    if (outcome === 'refused') refuse();
    checkpointedAt = clock.now();
  };

  /** What the ledger could not be asked for is nobody's failure; what it refused is not ours any more. */
  const noteCutOff = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write();
    } catch (error) {
      isCutOff ||= !(error instanceof StaleAttempt);
      throw error;
    }
  };

  const writeResult = async (text: string): Promise<void> => {
    await assertOurs();
    const result = await withRetries(clock, () => packContent(blobs, text));
    const step = { step: 'commit', attempt: row.attempt, result, now: clock.now() } as const;
    const { outcome } = await withRetries(clock, () => tasks.apply(row.taskId, step));
    if (outcome === 'refused') refuse();
    isCommitted = true;
  };

  return {
    row,
    startedAt: clock.now(),
    staleSignal: stale.signal,
    checkpointedAt: () => checkpointedAt,
    isCutOff: () => isCutOff,
    assertOurs,
    checkpoint: (text) => noteCutOff(() => writeCheckpoint(text)),
    commit: (result) => noteCutOff(() => writeResult(result)),
    isCommitted: () => isCommitted,
    progress: (report) => {
      reported = { ...reported, ...report };
    },
    reported: () => reported,
  };
};
