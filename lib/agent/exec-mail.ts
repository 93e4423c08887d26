import { watch } from 'node:fs';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { StaleAttempt } from '../worker/errors.ts';
import { KEPT_BYTES_MAX } from '../worker/kept-json.ts';
import { createBell } from './bell.ts';
import type { RunFile, RunFolder } from './exec-folder.ts';
import { createNoticeWriter } from './exec-notice.ts';
import { parseProgress } from './exec-progress.ts';
import { readWorkerFile, type WorkerFile } from './exec-worker-file.ts';
import type { RunnerContext } from './runner.ts';

const PROGRESS_BYTES_MAX = 4_096;
/** How late a file is noticed whose event was lost: real time, because a file system knows no other. */
const LOOK_EVERY_WALL_SECONDS = 0.25;
/** After the ledger could not be reached, with all the repetitions of one write behind it. */
const STORE_AGAIN_SECONDS = 5;

export interface MailOptions {
  readonly context: RunnerContext;
  readonly folder: RunFolder;
  /** Service time. */
  readonly clock: Clock;
  /** Real time. */
  readonly wall: Clock;
  readonly log: Log;
  /** Somebody else has the task, as a refused checkpoint or the agent says: the command can read that by now. Called once. */
  onStale(): void;
}

/** What a running command and the agent tell each other through the files of its folder. */
export interface Mail {
  /** Looks a last time, and resolves once all that was found is stored or given up. */
  close(): Promise<void>;
}

/** The names under which a command leaves something for the agent while it runs. */
const FROM_THE_COMMAND: readonly RunFile[] = ['checkpoint', 'progress'];

/** Events are a shortcut only: they may be lost, and there may be none at all where watches have run out. */
const watchFolder = ({ path }: RunFolder, ring: () => void): (() => void) => {
  const concerns = (name: string | null): boolean => name === null || FROM_THE_COMMAND.some((file) => file === name);
  try {
    const watcher = watch(path, (_event, name) => {
      if (concerns(name)) ring();
    });
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return () => undefined;
  }
};

interface Storing {
  isStale: boolean;
  /** Not before this, after a store that failed. */
  againAt: EpochMs;
}

const refuse = async ({ context, folder, log }: MailOptions, file: WorkerFile, refusal: string): Promise<void> => {
  log.warn('checkpoint refused', { taskId: context.taskId, attempt: context.attempt, because: refusal });
  await folder.write('refused', `The checkpoint was refused: ${refusal}.\n`);
  file.remove();
};

const tellStale = async ({ folder, onStale }: MailOptions, storing: Storing, why: StaleAttempt): Promise<void> => {
  if (storing.isStale) return;
  storing.isStale = true;
  try {
    await folder.write('stale', `${why.message}\n`);
  } finally {
    onStale();
  }
};

const noteFailure = async (options: MailOptions, storing: Storing, error: unknown): Promise<void> => {
  const { context, clock, log } = options;
  if (error instanceof StaleAttempt) return tellStale(options, storing, error);
  storing.againAt = addMs(clock.now(), secondsToMs(STORE_AGAIN_SECONDS));
  log.warn('checkpoint not stored', { taskId: context.taskId, error: String(error) });
};

/** Whether it was accepted. */
const offer = async (options: MailOptions, storing: Storing, text: string): Promise<boolean> => {
  try {
    await options.context.checkpoint(text);
    return true;
  } catch (error) {
    await noteFailure(options, storing, error);
    return false;
  }
};

/** Its disappearance is what the command may wait for, so it comes last. */
const confirm = async ({ context, folder }: MailOptions, file: WorkerFile): Promise<void> => {
  context.progress({ savesWhenStopped: true });
  await folder.unwrite('refused');
  file.remove();
};

/** One at a time, whatever is there when its turn comes: the newest. An empty file has not been written yet. */
const storeCheckpoint = async (options: MailOptions, storing: Storing): Promise<void> => {
  const file = await readWorkerFile(options.folder.file('checkpoint'), KEPT_BYTES_MAX);
  if (file === undefined) return;
  try {
    if ('refusal' in file) await refuse(options, file, file.refusal);
    else if (file.text !== '' && (await offer(options, storing, file.text))) await confirm(options, file);
  } finally {
    await file.close();
  }
};

const readProgress = async ({ context, folder }: MailOptions): Promise<void> => {
  const file = await readWorkerFile(folder.file('progress'), PROGRESS_BYTES_MAX);
  if (file === undefined) return;
  const report = 'text' in file ? parseProgress(file.text) : undefined;
  if (report !== undefined) context.progress(report);
  file.remove();
  await file.close();
};

/** Written at once when the notice comes, whatever else is under way, and again when its deadline comes nearer. */
const deliverNotices = ({ context, folder, clock }: MailOptions) => {
  const write = createNoticeWriter(folder, clock);
  return async (): Promise<void> => {
    if (!context.noticeSignal.aborted) return;
    await write({ deadline: context.deadline(), reason: context.noticeReason?.() ?? 'this machine drains' });
  };
};

/** A folder that the command has damaged is its own loss: that is said once, and the run goes on. */
const createSurviving = ({ context, log }: MailOptions) => {
  let said: string | undefined;
  return async (look: () => Promise<void>): Promise<void> => {
    try {
      await look();
    } catch (error) {
      const what = (error as NodeJS.ErrnoException).code ?? String(error);
      if (what !== said) log.warn('the files of a run cannot be used', { taskId: context.taskId, error: what });
      said = what;
    }
  };
};

/** A notice that has been given already is there to be read when this resolves, before the command is started. */
export const openMail = async (options: MailOptions): Promise<Mail> => {
  const { context, clock, wall, folder } = options;
  const bell = createBell();
  const survive = createSurviving(options);
  const deliverNotice = deliverNotices(options);
  const onNotice = (): void => void survive(deliverNotice);
  const storing: Storing = { isStale: false, againAt: clock.now() };
  const onStale = (): void => void survive(() => tellStale(options, storing, new StaleAttempt()));
  let isClosing = false;
  const look = async (): Promise<void> => {
    await deliverNotice();
    await readProgress(options);
    if (!storing.isStale && (isClosing || clock.now() >= storing.againAt)) await storeCheckpoint(options, storing);
  };
  const keepLooking = async (): Promise<void> => {
    while (!isClosing) {
      // Taken before the look: what arrives during it ends the sleep after it.
      const rung = bell.signal();
      await survive(look);
      await wall.sleep(secondsToMs(LOOK_EVERY_WALL_SECONDS), rung);
    }
    await survive(look);
  };
  const stopWatching = watchFolder(folder, bell.ring);
  context.noticeSignal.addEventListener('abort', onNotice);
  context.staleSignal?.addEventListener('abort', onStale);
  await survive(deliverNotice);
  const looking = keepLooking();
  return {
    close: async () => {
      isClosing = true;
      bell.ring();
      await looking;
      stopWatching();
      context.noticeSignal.removeEventListener('abort', onNotice);
      context.staleSignal?.removeEventListener('abort', onStale);
    },
  };
};
