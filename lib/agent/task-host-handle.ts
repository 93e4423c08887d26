import type { ChildProcess } from 'node:child_process';
import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { StaleAttempt } from '../worker/errors.ts';
import { onAbort } from './aborting.ts';
import { signalGroup } from './process-signals.ts';
import type { RunnerContext, RunnerOutcome } from './runner.ts';
import { createHostAnswers } from './task-host-answers.ts';
import { exitReason, type HostExit, watchExit } from './task-host-exit.ts';
import type { FromHost, HostedTask, ToHost } from './task-host-messages.ts';
import { blameOf, createOccupants, type HostedEnd, type LiveRun } from './task-host-occupants.ts';
import type { OutputLog } from './task-host-output.ts';

/** A module that takes longer to load waits for something that does not come. */
const LOAD_SECONDS_MAX = 60;
/** How often a draining machine looks whether its deadline has come nearer. */
const DEADLINE_LOOK_SECONDS = 1;
/** An abandoned task has this long to notice that it was asked to stop, before its neighbours are looked after. */
const ABANDONED_SECONDS = 10;

/** What a task comes to that ended because it was asked to. */
export const STOPPED: RunnerOutcome = { kind: 'hand-back', reason: 'it stopped when asked to' };
const TIME_OVER: RunnerOutcome = { kind: 'hand-back', reason: 'its time was over' };

/** The agent's side of one process that hosts tasks. */
export interface TaskHost {
  /** The tasks of its file. @throws why they cannot be loaded */
  readonly ready: Promise<readonly HostedTask[]>;
  run(context: RunnerContext): Promise<HostedEnd>;
  /** Whether it may be given more: it lives, it answers, and no code goes on in it that should have ended. */
  isAccepting(): boolean;
  /** Aborted when its code has let nothing else work for a minute; it may still be of use to whoever is alone in it. */
  readonly blocked: AbortSignal;
  /** It will be given no more: it ends as soon as nobody is in it that has done nothing wrong. */
  retire(): void;
  kill(): void;
  readonly ended: Promise<void>;
}

export interface TaskHostOptions {
  readonly child: ChildProcess;
  /** Service time. */
  readonly clock: Clock;
  /** Real time, for what a process takes. */
  readonly wall: Clock;
  readonly log: Log;
  readonly outputLog: OutputLog;
}

type Send = (message: ToHost) => void;
type Listeners = { readonly [K in FromHost['kind']]: (message: Extract<FromHost, { readonly kind: K }>) => void };

/** The channel to the process; whatever else a task sends over it is not meant for us. */
const openChannel = (child: ChildProcess, listeners: Listeners): Send => {
  child.on('message', (message) => {
    const kind = (message as FromHost | null)?.kind;
    if (kind !== undefined && Object.hasOwn(listeners, kind)) listeners[kind](message as never);
  });
  return (message) => {
    if (child.connected) child.send(message, () => undefined);
  };
};

/** A write of a run that is over comes from code that nobody waits for. */
const answerToWrite = async (
  run: LiveRun | undefined,
  { write, what, text }: Extract<FromHost, { kind: 'write' }>,
): Promise<ToHost> => {
  try {
    if (run === undefined) throw new StaleAttempt();
    await run.context[what](text);
    return { kind: 'written', write, outcome: 'done' };
  } catch (error) {
    if (error instanceof StaleAttempt) return { kind: 'written', write, outcome: 'stale' };
    return { kind: 'not-written', write, reason: error instanceof Error ? error.message : String(error) };
  }
};

/** Tells a run of its machine's end, and again whenever the deadline has come nearer. */
const tellNotice = async ({ number, context, over }: LiveRun, clock: Clock, send: Send): Promise<void> => {
  const tell = (deadline: number | undefined): void =>
    send({ kind: 'notice', run: number, ...(deadline === undefined ? {} : { msLeft: deadline - clock.now() }) });
  let told = context.deadline();
  tell(told);
  while (!over.signal.aborted) {
    await clock.sleep(secondsToMs(DEADLINE_LOOK_SECONDS), over.signal);
    const deadline = context.deadline();
    if (deadline !== told) tell(deadline);
    told = deadline;
  }
};

export const createTaskHost = ({ child, clock, wall, log, outputLog }: TaskHostOptions): TaskHost => {
  const occupants = createOccupants();
  const { live, abandoned, taskIdOf, settle } = occupants;
  const ready = Promise.withResolvers<readonly HostedTask[]>();
  const over = new AbortController();
  const loading = new AbortController();
  let isTainted = false;
  let isRetired = false;
  const blocked = new AbortController();
  /** Set before it is killed for a task that keeps the others from working. */
  let blockedBy: number | undefined;
  let exit: HostExit | undefined;

  const kill = (): void => {
    if (!over.signal.aborted) signalGroup(child, 'SIGKILL');
  };
  /** Once nobody is left in it that has done nothing wrong. */
  const killIfDeserted = (): void => {
    if (live.size === 0 && (abandoned.size > 0 || isTainted || isRetired)) kill();
  };

  const send = openChannel(child, {
    ready: ({ tasks }) => ready.resolve(tasks),
    unusable: ({ reason }) => ready.reject(new Error(reason)),
    chosen: ({ run: number, policy }) => {
      const run = live.get(number);
      if (run !== undefined) run.policy = policy;
    },
    write: (message) => void answerToWrite(live.get(message.run), message).then(send),
    progress: ({ run, report }) => live.get(run)?.context.progress(report),
    ended: ({ run, outcome }) => {
      abandoned.delete(run);
      settle(live.get(run), { kind: 'outcome', outcome });
      killIfDeserted();
    },
    strayed: ({ run: number, reason }) => {
      isTainted = true;
      log.warn('an error that no task waits for', { reason, taskId: taskIdOf(number) });
      const run = number === undefined ? undefined : live.get(number);
      const failed = { kind: 'failed', reason, ...run?.policy } as const;
      settle(run, { kind: 'outcome', outcome: run?.context.signal.aborted ? STOPPED : failed });
      killIfDeserted();
    },
    pong: () => answers.heard(),
  });

  /** Neighbours of code that never waits are run elsewhere. Code that is alone may compute for as long as it likes. */
  const noteBlocked = (): void => {
    if (!blocked.signal.aborted) {
      log.warn('a task lets nothing else work in its process', {
        taskIds: [...live.values()].map(({ context }) => context.taskId),
      });
    }
    blocked.abort();
    if (live.size > 1) kill();
  };

  const answers = createHostAnswers({
    wall,
    over: over.signal,
    sendQuestion: () => send({ kind: 'ping' }),
    isInUse: () => live.size > 0,
    onBlocked: noteBlocked,
  });

  /** A task that neither stops nor lets others work costs them their process, and not more: they are run again. */
  const watchAbandoned = async (number: number): Promise<void> => {
    await wall.sleep(secondsToMs(ABANDONED_SECONDS), over.signal);
    if (!abandoned.has(number) || over.signal.aborted || (await answers.ask())) return;
    log.warn('a task that does not stop keeps others from working', { taskId: taskIdOf(number) });
    blockedBy = number;
    kill();
  };

  const abandon = (run: LiveRun): void => {
    abandoned.add(run.number);
    settle(run, { kind: 'outcome', outcome: TIME_OVER });
    if (live.size === 0) kill();
    else void watchAbandoned(run.number);
  };

  const begin = (run: LiveRun): void => {
    const { number, context, over: runOver } = run;
    const { taskId, attempt, input, resume } = context;
    send({ kind: 'run', run: number, taskId, attempt, input, ...(resume === undefined ? {} : { resume }) });
    onAbort(context.noticeSignal, runOver.signal, () => void tellNotice(run, clock, send));
    onAbort(context.signal, runOver.signal, () => send({ kind: 'stop', run: number }));
    onAbort(context.killSignal, runOver.signal, () => abandon(run));
    answers.watch();
  };

  const endLoading = (): void => loading.abort();
  ready.promise.then(endLoading, endLoading);
  void wall.sleep(secondsToMs(LOAD_SECONDS_MAX), loading.signal).then(() => {
    ready.reject(new Error(`The tasks could not be loaded: their file was not through after ${LOAD_SECONDS_MAX} s.`));
  });

  const endedByProcess = (run: LiveRun, how: HostExit): HostedEnd => ({
    kind: 'host-ended',
    blame: blameOf(run, how, occupants),
    reason: exitReason(how),
    policy: run.policy,
  });

  const ended = watchExit({ child, wall, onLine: (line) => outputLog({ ...line, taskId: taskIdOf(line.run) }) }).then(
    (how) => {
      exit = { ...how, endedBy: how.endedBy ?? blockedBy };
      over.abort();
      ready.reject(new Error(`The tasks could not be loaded: ${exitReason(exit)}.`));
      const ends = [...live.values()].map((run) => [run, endedByProcess(run, exit as HostExit)] as const);
      for (const [run, end] of ends) settle(run, end);
    },
  );

  return {
    ready: ready.promise,
    run: (context) =>
      new Promise((resolve) => {
        if (exit === undefined) begin(occupants.add(context, resolve));
        else resolve({ kind: 'host-ended', blame: 'none', reason: exitReason(exit), policy: {} });
      }),
    isAccepting: () =>
      child.exitCode === null &&
      child.signalCode === null &&
      abandoned.size === 0 &&
      !isTainted &&
      !answers.isBlocked(),
    blocked: blocked.signal,
    retire: () => {
      isRetired = true;
      killIfDeserted();
    },
    kill,
    ended,
  };
};
