import type { AgentStep } from '../decisions/decide-agent-step.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { CorruptContent } from '../workflows/content.ts';
import { untilAborted } from './aborting.ts';
import type { Attempt } from './attempt.ts';
import { type Bell, createBell } from './bell.ts';
import type { DrainState } from './drain.ts';
import { type Losses, lossesOf } from './losses.ts';
import { type ObservedRun, observeRun } from './observed-run.ts';
import { readContent } from './read-content.ts';
import { readResume } from './resume.ts';
import type { RunnerContext, RunnerOutcome } from './runner.ts';
import type { AgentShared } from './world.ts';

/**
 * How a run ended: as its runner said, or `stale` when the ledger no longer takes anything of this attempt. Its code may
 * still be stopping then, until `over`.
 */
export type RunEnd =
  | Exclude<RunnerOutcome, { readonly kind: 'hand-back' }>
  | { readonly kind: 'hand-back'; readonly reason: string; readonly losses: Losses }
  | { readonly kind: 'stale'; readonly over: Promise<void> };

/** Between being asked to stop and being ended, for a task that is somebody else's already. */
const STALE_GRACE_SECONDS = 5;

/** What a task tells of itself changes while it runs, and is not worth waking all others for. */
const DRAIN_LOOK_SECONDS_MAX = 5;

interface Stops {
  /** Asks the task to stop. */
  readonly ask: AbortController;
  /** Ends it. */
  readonly kill: AbortController;
}

/** What a task finds as its signal's reason. Made once: each error has a stack, and every task's signal is aborted at its end. */
const ASKED_TO_STOP = new DOMException('The task is asked to stop.', 'AbortError');

/** Nothing of a task runs beyond this. */
const endOfNotice = ({ settings }: AgentShared, { deadline }: DrainState): EpochMs =>
  addMs(deadline, -secondsToMs(settings.drainPolicy.marginSeconds));

const contextFor = (
  shared: AgentShared,
  attempt: Attempt,
  run: { readonly stops: Stops; readonly observed: ObservedRun },
  content: Pick<RunnerContext, 'input' | 'resume'>,
): RunnerContext => ({
  ...content,
  taskId: attempt.row.taskId,
  attempt: attempt.row.attempt,
  signal: run.stops.ask.signal,
  killSignal: run.stops.kill.signal,
  staleSignal: attempt.staleSignal,
  noticeSignal: shared.drain.signal,
  deadline: () => {
    const state = shared.drain.state();
    return state && endOfNotice(shared, state);
  },
  noticeReason: () => shared.drain.state()?.reason,
  checkpoint: (text) => run.observed.saving(() => attempt.checkpoint(text)),
  commit: attempt.commit,
  progress: (report) => {
    attempt.progress(report);
    run.observed.progress(report, shared.ports.clock.now());
  },
});

/** Starts the task. What is thrown because a store could not be reached hands it back; a body that is broken is its own failure. */
const startRun = async (
  shared: AgentShared,
  attempt: Attempt,
  run: { readonly stops: Stops; readonly observed: ObservedRun },
): Promise<RunnerOutcome> => {
  const input = await readContent(shared.ports, attempt.row.body);
  if (input instanceof CorruptContent) return { kind: 'failed', reason: `Its body cannot be read: ${input.message}` };
  const resume = await readResume(shared, attempt);
  // Fetching takes as long as the store needs, and longer where the machine stands still meanwhile.
  if (!(await attempt.isOurs()))
    return { kind: 'hand-back', reason: 'it was given away while its content was fetched' };
  const outcome = await shared.ports.runner.run(contextFor(shared, attempt, run, { input, resume }));
  if (outcome.kind !== 'failed' || !attempt.isCutOff()) return outcome;
  return { kind: 'hand-back', reason: 'its checkpoint could not be written' };
};

interface Run {
  readonly observed: ObservedRun;
  outcome(): RunnerOutcome | undefined;
  askToStop(): void;
  /** Asks it to stop and ends it, whatever it still does. */
  end(): void;
  /** Rung by whatever makes another look worth while, until `leave`. */
  readonly change: Bell;
  leave(): void;
}

/** What others on this machine do matters to a task only while the machine drains. */
const ringForChanges = ({ drain, running }: AgentShared, { staleSignal }: Attempt, { ring }: Bell): (() => void) => {
  staleSignal.addEventListener('abort', ring, { once: true });
  const unlisten = drain.onChange(ring);
  const unlistenToOthers = running.onChange(() => {
    if (drain.state() !== undefined) ring();
  });
  return () => {
    staleSignal.removeEventListener('abort', ring);
    unlisten();
    unlistenToOthers();
  };
};

const launch = (shared: AgentShared, attempt: Attempt): Run => {
  const stops: Stops = { ask: new AbortController(), kill: new AbortController() };
  const { clock } = shared.ports;
  const { running, runTimes } = shared;
  const observed = observeRun(attempt, { runTimes, now: () => clock.now(), onChange: () => running.changed() });
  const change = createBell();
  let outcome: RunnerOutcome | undefined;
  void startRun(shared, attempt, { stops, observed })
    .catch((): RunnerOutcome => ({ kind: 'hand-back', reason: 'its body or checkpoint could not be fetched' }))
    .then((how) => {
      outcome = how;
      change.ring();
    });
  return {
    observed,
    outcome: () => outcome,
    askToStop: () => stops.ask.abort(ASKED_TO_STOP),
    end: () => {
      stops.ask.abort(ASKED_TO_STOP);
      stops.kill.abort(ASKED_TO_STOP);
    },
    change,
    leave: ringForChanges(shared, attempt, change),
  };
};

/** With what it cost, for whoever writes it down. Who asked twice wanted no notice used. */
const handedBack = (shared: AgentShared, attempt: Attempt, { observed }: Run, reason: string): RunEnd => {
  const state = shared.drain.state();
  const notice = state && !state.isForced ? { since: state.since, until: endOfNotice(shared, state) } : undefined;
  const losses = lossesOf({
    startedAt: attempt.startedAt,
    keptAt: observed.keptAt(),
    endedAt: shared.ports.clock.now(),
    ...(notice === undefined ? {} : { notice }),
  });
  return { kind: 'hand-back', reason, losses };
};

const stepFor = (shared: AgentShared, { observed }: Run, state: DrainState, now: EpochMs): AgentStep => {
  if (state.isForced) return { do: 'hand-back-now', endAt: now, reason: 'it was asked twice to stop' };
  const learned = shared.runTimes.learned();
  const checkpointMs = shared.runTimes.checkpointMs();
  const left = {
    since: state.since,
    deadline: state.deadline,
    marginSeconds: shared.settings.drainPolicy.marginSeconds,
    ...(learned === undefined ? {} : { learned }),
    ...(checkpointMs === undefined ? {} : { checkpointMs }),
  };
  return shared.running.stepFor(observed, left, now);
};

/** The next moment that a step says something about. */
const momentOf = (step: AgentStep, now: EpochMs): EpochMs => {
  if (step.do === 'finish') return step.lookAgainAt;
  if (step.do === 'checkpoint-and-hand-back' && now < step.stopAt) return step.stopAt;
  return step.endAt;
};

/** One look at a running task of a draining machine: gives it up, or waits for the next moment that matters. */
const drainOnce = async (
  shared: AgentShared,
  attempt: Attempt,
  run: Run,
  options: { readonly state: DrainState; say(step: AgentStep): void },
): Promise<RunEnd | undefined> => {
  const { clock } = shared.ports;
  const now = clock.now();
  const change = run.change.signal();
  const step = stepFor(shared, run, options.state, now);
  options.say(step);
  if (step.do === 'hand-back-now' && now >= step.endAt) return handedBack(shared, attempt, run, step.reason);
  if (step.do === 'hand-back-now' || (step.do === 'checkpoint-and-hand-back' && now >= step.stopAt)) {
    run.observed.stopping(now, step.endAt);
    run.askToStop();
  }
  const wait = Math.min(momentOf(step, now) - now, secondsToMs(DRAIN_LOOK_SECONDS_MAX));
  await clock.sleep(wait, change);
  return undefined;
};

/** Says what is decided about a task once, and again when something else is. */
const sayer = ({ ports }: AgentShared, { row }: Attempt): ((step: AgentStep) => void) => {
  let said: AgentStep['do'] | undefined;
  return (step) => {
    if (step.do === said) return;
    said = step.do;
    ports.log.info('draining: decided about the task', { taskId: row.taskId, step: step.do, reason: step.reason });
  };
};

/** Nothing of it will be accepted: it has a moment to hear that, and on a machine that goes no longer than the rest. */
const stopStale = async (shared: AgentShared, run: Run): Promise<void> => {
  const { clock } = shared.ports;
  const until = addMs(clock.now(), secondsToMs(STALE_GRACE_SECONDS));
  const leftMs = (): number => {
    const state = shared.drain.state();
    if (state?.isForced) return 0;
    return Math.min(until, state === undefined ? until : endOfNotice(shared, state)) - clock.now();
  };
  run.askToStop();
  while (run.outcome() === undefined && leftMs() > 0) await clock.sleep(leftMs(), run.change.signal());
  run.end();
  run.leave();
};

const runToItsEnd = async (shared: AgentShared, attempt: Attempt, run: Run): Promise<RunEnd> => {
  const say = sayer(shared, attempt);
  for (;;) {
    if (attempt.staleSignal.aborted) return { kind: 'stale', over: stopStale(shared, run) };
    const outcome = run.outcome();
    if (outcome?.kind === 'hand-back') return handedBack(shared, attempt, run, outcome.reason);
    if (outcome !== undefined) return outcome;
    const state = shared.drain.state();
    if (state === undefined) await untilAborted(run.change.signal());
    else {
      const end = await drainOnce(shared, attempt, run, { state, say });
      if (end !== undefined) return end;
    }
  }
};

/**
 * Runs one held task to its end, to the end of the machine's time, or to the moment the attempt turns out to be
 * somebody else's, whichever is first. What the code of a task that would not stop does afterwards is fenced.
 */
export const runTask = async (shared: AgentShared, attempt: Attempt): Promise<RunEnd> => {
  const run = launch(shared, attempt);
  const unwatch = shared.leaseWatch.watch(attempt);
  shared.running.add(run.observed);
  let end: RunEnd | undefined;
  try {
    end = await runToItsEnd(shared, attempt, run);
    return end;
  } finally {
    if (end?.kind !== 'stale') {
      run.end();
      run.leave();
    }
    shared.running.remove(run.observed);
    unwatch();
  }
};
