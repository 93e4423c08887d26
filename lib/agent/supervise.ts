import { HEARTBEAT_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { type Bell, createBell } from './bell.ts';
import type { DrainState } from './drain.ts';
import { doublingPauseMs } from './retry.ts';
import type { SupervisedProgram, SupervisedRun } from './runner.ts';
import type { Hearing } from './work.ts';
import type { AgentPorts, AgentShared } from './world.ts';

/** A program that ends although nobody asked it to is started again after this, doubled with each end in a row. */
const RESTART_PAUSE_SECONDS = 1;
const RESTART_PAUSE_SECONDS_MAX = 60;
/** One that ran for this long had started well: its end is the first in a row. */
const RAN_WELL_SECONDS = 60;

export const restartPauseMs = (endsInARow: number): number =>
  doublingPauseMs(endsInARow, RESTART_PAUSE_SECONDS, RESTART_PAUSE_SECONDS_MAX);

const NOT_STARTED = 'supervised program not started';

type ProgramEnd = Awaited<SupervisedRun['ended']>;

/** One start of the program, with what has been asked of it. */
interface Running {
  readonly run: SupervisedRun;
  /** Rung by its end. */
  readonly change: Bell;
  end(): ProgramEnd | undefined;
  isAsked: boolean;
  isKilled: boolean;
}

const follow = ({ log }: AgentPorts, run: SupervisedRun): Running => {
  const change = createBell();
  let end: ProgramEnd | undefined;
  void run.ended
    .catch((error: unknown): ProgramEnd => {
      log.error(NOT_STARTED, { error: String(error) });
      return { code: null, signal: null };
    })
    .then((how) => {
      end = how;
      change.ring();
    });
  return { run, change, end: () => end, isAsked: false, isKilled: false };
};

/** Once: many workers take a second SIGTERM as a reason to drop what they run. */
const askToEnd = ({ ports }: AgentShared, running: Running, reason: string): void => {
  if (running.isAsked) return;
  running.isAsked = true;
  ports.log.info('supervised program asked to end', { reason });
  running.run.terminate();
};

const kill = ({ ports }: AgentShared, running: Running, reason: string): void => {
  if (running.isKilled) return;
  running.isKilled = true;
  ports.log.warn('supervised program killed', { reason });
  running.run.kill();
};

const killAt = ({ settings }: AgentShared, { deadline }: DrainState): EpochMs =>
  addMs(deadline, -secondsToMs(settings.drainPolicy.marginSeconds));

/** What a draining machine does about its program; answers for how long that stands. */
const drainProgram = (shared: AgentShared, running: Running, state: DrainState): number => {
  const at = killAt(shared, state);
  const leftMs = at - shared.ports.clock.now();
  running.run.notice?.({ deadline: at, reason: state.reason });
  askToEnd(shared, running, state.reason);
  if (state.isForced) kill(shared, running, 'it was asked twice to stop');
  else if (leftMs <= 0) kill(shared, running, 'no time is left');
  return running.isKilled ? secondsToMs(HEARTBEAT_SECONDS) : leftMs;
};

const isLeaving = ({ mailbox }: Hearing): boolean => mailbox.record().signals.leave !== undefined;

/** Until the program has ended: looks whenever the drain changes, and at every beat whether the machine should leave. */
const accompany = async (shared: AgentShared, hearing: Hearing, running: Running): Promise<ProgramEnd> => {
  const unlisten = shared.drain.onChange(running.change.ring);
  for (;;) {
    const end = running.end();
    if (end !== undefined) {
      unlisten();
      return end;
    }
    const state = shared.drain.state();
    const change = running.change.signal();
    if (state === undefined && isLeaving(hearing)) askToEnd(shared, running, 'this machine is to leave');
    const waitMs = state === undefined ? secondsToMs(HEARTBEAT_SECONDS) : drainProgram(shared, running, state);
    await shared.ports.clock.sleep(waitMs, change);
  }
};

/** How one start of the program went; one that the system refuses counts as an end without a code. */
const runOnce = async (shared: AgentShared, hearing: Hearing, program: SupervisedProgram): Promise<ProgramEnd> => {
  try {
    const run = await program.start({ instanceId: shared.instanceId });
    return await accompany(shared, hearing, follow(shared.ports, run));
  } catch (error) {
    shared.ports.log.error(NOT_STARTED, { error: String(error) });
    return { code: null, signal: null };
  }
};

interface Ends {
  count: number;
  inARow: number;
}

const runAndCount = async (shared: AgentShared, hearing: Hearing, program: SupervisedProgram, ends: Ends) => {
  const { clock, log } = shared.ports;
  const startedAt = clock.now();
  log.info('supervised program starts', { program: program.name, ends: ends.count });
  const { code, signal } = await runOnce(shared, hearing, program);
  const ranMs = clock.now() - startedAt;
  ends.count += 1;
  ends.inARow = ranMs >= secondsToMs(RAN_WELL_SECONDS) ? 1 : ends.inARow + 1;
  log.info('supervised program ended', {
    exitCode: code ?? undefined,
    signal: signal ?? undefined,
    ranMs,
    ends: ends.count,
  });
};

/** Nothing runs here any more that anybody would wait for. */
const leave = ({ ports }: AgentShared, { desk }: Hearing): void => {
  const now = ports.clock.now();
  desk.tell({ kind: 'machine-stopping', at: now, deadline: now });
};

/**
 * Keeps another system's worker running until the machine drains; no task of ours runs here then. A drain asks it to
 * end at once, because such workers stop taking work and finish what they have, and kills it when the time is over. A
 * machine that we want to leave asks it too, and waits for as long as it takes.
 */
export const supervise = async (shared: AgentShared, hearing: Hearing): Promise<void> => {
  const { clock, log, supervised } = shared.ports;
  const { signal } = shared.drain;
  if (supervised === undefined) throw new Error('supervise() was called without AgentPorts.supervised');
  const ends: Ends = { count: 0, inARow: 0 };
  while (!signal.aborted) {
    if (isLeaving(hearing)) return leave(shared, hearing);
    await runAndCount(shared, hearing, supervised, ends);
    if (signal.aborted || isLeaving(hearing)) continue;
    const pauseMs = restartPauseMs(ends.inARow);
    log.warn('supervised program starts again after a pause', { ends: ends.count, pauseMs });
    await clock.sleep(pauseMs, signal);
  }
};
