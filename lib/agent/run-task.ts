import { type AgentStep, decideAgentStep } from '../decisions/decide-agent-step.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { CorruptContent, unpackContent } from '../workflows/content.ts';
import type { Attempt } from './attempt.ts';
import type { DrainState } from './drain.ts';
import { withRetries } from './retry.ts';
import type { RunnerOutcome } from './runner.ts';
import type { AgentShared } from './world.ts';

/** How a run ended: as its runner said, or `stale` when the ledger no longer takes anything of this attempt. */
export type RunEnd = RunnerOutcome | { readonly kind: 'stale' };

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

const readInput = ({ ports }: AgentShared, { row }: Attempt): Promise<string> =>
  withRetries(ports.clock, () => unpackContent(ports.blobs, row.body));

/** A checkpoint that cannot be read costs its work, not the task: it starts over (F54). */
const readResume = async ({ ports }: AgentShared, { row }: Attempt): Promise<string | undefined> => {
  const { checkpoint } = row;
  if (checkpoint === undefined) return undefined;
  try {
    return await withRetries(ports.clock, () => unpackContent(ports.blobs, checkpoint.content));
  } catch (error) {
    ports.log.error('checkpoint unreadable, starting over', { taskId: row.taskId, error: String(error) });
    return undefined;
  }
};

interface Stops {
  /** Asks the task to stop. */
  readonly ask: AbortController;
  /** Ends it. */
  readonly kill: AbortController;
}

const stopAt = (shared: AgentShared): EpochMs | undefined => {
  const state = shared.drain.state();
  return state && addMs(state.deadline, -secondsToMs(shared.settings.drainPolicy.marginSeconds));
};

/** Starts the task; what is thrown because the ledger could not be reached hands it back. */
const startRun = async (shared: AgentShared, attempt: Attempt, stops: Stops): Promise<RunnerOutcome> => {
  const input = await readInput(shared, attempt);
  const outcome = await shared.ports.runner.run({
    taskId: attempt.row.taskId,
    attempt: attempt.row.attempt,
    input,
    resume: await readResume(shared, attempt),
    signal: stops.ask.signal,
    killSignal: stops.kill.signal,
    noticeSignal: shared.drain.signal,
    deadline: () => stopAt(shared),
    checkpoint: attempt.checkpoint,
    commit: attempt.commit,
    progress: attempt.progress,
  });
  if (outcome.kind !== 'failed' || !attempt.isCutOff()) return outcome;
  return { kind: 'hand-back', reason: 'its checkpoint could not be written' };
};

/** A body that cannot be read back is the task's own failure; a store that does not answer is nobody's. */
const outcomeOfError = (error: unknown): RunnerOutcome =>
  error instanceof CorruptContent
    ? { kind: 'failed', reason: `Its body cannot be read: ${error.message}` }
    : { kind: 'hand-back', reason: 'its body could not be fetched' };

const stepFor = (shared: AgentShared, attempt: Attempt, state: DrainState, now: EpochMs): AgentStep => {
  if (state.isForced) return { do: 'hand-back-now', reason: 'it was asked twice to stop' };
  const runMsExpected = shared.runTimes.expectedMs();
  const checkpointedAt = attempt.checkpointedAt();
  const task = {
    startedAt: attempt.startedAt,
    ...(runMsExpected === undefined ? {} : { runMsExpected }),
    ...(checkpointedAt === undefined ? {} : { checkpointedAt }),
  };
  const { marginSeconds } = shared.settings.drainPolicy;
  return decideAgentStep(task, { deadline: state.deadline, marginSeconds }, now);
};

interface Run {
  end(): RunEnd | undefined;
  askToStop(): void;
  /** Ends the task by force and answers what it came to. */
  giveUp(how: RunEnd): RunEnd;
  /** Aborted by whatever makes another look worth while. */
  changeSignal(): AbortSignal;
}

const launch = (shared: AgentShared, attempt: Attempt): Run => {
  const stops: Stops = { ask: new AbortController(), kill: new AbortController() };
  const ended = new AbortController();
  const held: { end?: RunEnd } = {};
  void startRun(shared, attempt, stops)
    .catch(outcomeOfError)
    .then((outcome) => {
      held.end = outcome;
      ended.abort();
    });
  return {
    end: () => held.end,
    askToStop: () => stops.ask.abort(),
    giveUp: (how) => {
      stops.ask.abort();
      stops.kill.abort();
      return how;
    },
    changeSignal: () => AbortSignal.any([ended.signal, attempt.staleSignal, shared.drain.changeSignal()]),
  };
};

/** One look at a running task of a draining machine: gives it up, or waits for the next moment that matters. */
const drainOnce = async (
  shared: AgentShared,
  attempt: Attempt,
  run: Run,
  state: DrainState,
): Promise<RunEnd | undefined> => {
  const { clock, log } = shared.ports;
  const now = clock.now();
  const change = run.changeSignal();
  const step = stepFor(shared, attempt, state, now);
  log.info('draining: decided about the task', { taskId: attempt.row.taskId, step: step.do, reason: step.reason });
  if (step.do === 'hand-back-now') return run.giveUp({ kind: 'hand-back', reason: step.reason });
  if (step.do === 'finish') await clock.sleep(step.lookAgainAt - now, change);
  else if (now < step.stopAt) await clock.sleep(step.stopAt - now, change);
  else {
    run.askToStop();
    await clock.sleep(step.endAt - now, change);
  }
  return undefined;
};

/**
 * Runs one held task to its end, to the end of the machine's time, or to the moment the attempt turns out to be
 * somebody else's, whichever is first. What the code of a task that would not stop does afterwards is fenced.
 */
export const runTask = async (shared: AgentShared, attempt: Attempt): Promise<RunEnd> => {
  const run = launch(shared, attempt);
  for (;;) {
    if (attempt.staleSignal.aborted) return run.giveUp({ kind: 'stale' });
    const end = run.end();
    if (end !== undefined) return run.giveUp(end);
    const state = shared.drain.state();
    if (state === undefined) await untilAborted(run.changeSignal());
    else {
      const given = await drainOnce(shared, attempt, run, state);
      if (given !== undefined) return given;
    }
  }
};
