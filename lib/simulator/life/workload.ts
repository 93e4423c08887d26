import { moduleRunner } from '../../agent/module-runner.ts';
import type { TaskRunner } from '../../agent/runner.ts';
import { type FleetName, type TaskId, taskId } from '../../fleet/ids.ts';
import { INLINE_BYTES_MAX } from '../../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Faults } from '../faults/faults.ts';
import type { SeededRandom } from '../random.ts';
import type { TaskTruth } from './truth.ts';

/** What a task's body says, and what its worker does. */
export interface Work {
  readonly name: string;
  readonly steps: number;
  readonly stepSeconds: number;
  readonly keeps: 'after-each-step' | 'in-the-background' | 'nothing';
  /** What it says of itself after each step. */
  readonly tells: 'share' | 'seconds' | 'nothing';
  /** Returns its result, makes it final and tidies up after that, or gives its first run back of its own accord. */
  readonly ends: 'returning' | 'committing' | 'handing-back';
  /** Its first so many runs fail; -1 is all of them. */
  readonly failures: number;
  /** It fails by ending the process that it runs in. */
  readonly kills: boolean;
  /** Says in every payload what must be in no log. */
  readonly secret: string;
  /** Makes its checkpoints larger than a row takes. */
  readonly paddingBytes: number;
}

export interface PlannedTask {
  readonly work: Work;
  readonly at: EpochMs;
  /** Its producer knows nothing of us: it sends a message and no more. */
  readonly isForeign: boolean;
  readonly truth: TaskTruth & { failures: number; isSubmitted: boolean };
}

/** An operator has reopened it at some time. */
export const wasReopened = (task: PlannedTask | undefined): boolean => (task?.truth.retriesAsked ?? 0) > 0;

export const SECRET = 'payload-nobody-may-log';

const resultOf = (work: Work): string =>
  JSON.stringify({ name: work.name, stepsDone: work.steps, secret: work.secret });

/** Shares of odd tasks among all. */
const FLAKY_SHARE = 0.12;
const POISON_SHARE = 0.05;
const KILLER_SHARE = 0.05;
const FOREIGN_SHARE = 0.1;
const LARGE_SHARE = 0.12;
const KEEPING_SHARE = 0.75;
const IN_THE_BACKGROUND_SHARE = 0.2;
const TELLING_SHARE = 0.3;

const COMMITTING_SHARE = 0.1;
const HANDING_BACK_SHARE = 0.05;

/** From the commit to the end of a task that tidies up. */
const TIDY_SECONDS = 15;

/** How often a task is asked for its state that keeps it in the background. */
const SAVE_SECONDS = 20;

const failuresOf = (random: SeededRandom): number => {
  const point = random.next();
  if (point < POISON_SHARE) return -1;
  return point < POISON_SHARE + FLAKY_SHARE ? 1 : 0;
};

const keepsOf = (keeps: boolean, aside: SeededRandom): Work['keeps'] => {
  const isInTheBackground = aside.chance(IN_THE_BACKGROUND_SHARE);
  if (!keeps) return 'nothing';
  return isInTheBackground ? 'in-the-background' : 'after-each-step';
};

const tellsOf = (aside: SeededRandom): Work['tells'] =>
  aside.chance(TELLING_SHARE) ? aside.pick(['share', 'seconds']) : 'nothing';

const endsOf = (aside: SeededRandom): Work['ends'] => {
  const point = aside.next();
  if (point < COMMITTING_SHARE) return 'committing';
  return point < COMMITTING_SHARE + HANDING_BACK_SHARE ? 'handing-back' : 'returning';
};

const drawWork = (random: SeededRandom, aside: SeededRandom, index: number, mayKill: boolean): Work => {
  const kills = mayKill && random.chance(KILLER_SHARE);
  return {
    name: `task-${index + 1}`,
    steps: random.whole(1, 8),
    stepSeconds: random.whole(5, 60),
    keeps: keepsOf(random.chance(KEEPING_SHARE), aside),
    tells: tellsOf(aside),
    ends: endsOf(aside),
    failures: kills ? random.pick([1, -1]) : failuresOf(random),
    kills,
    secret: SECRET,
    paddingBytes: random.chance(LARGE_SHARE) ? INLINE_BYTES_MAX + random.whole(1, 2_000) : 0,
  };
};

/** Most work comes early enough to be under way while things go wrong. */
const AT_ONCE_SHARE = 0.5;
const DURING_FAULTS_SHARE = 0.42;
const DURING_FAULTS_UNTIL = 0.8;

/** The rest comes soon after faults have stopped, so that the figures of W4 are measured on a fleet that has to grow. */
const AFTER_FAULTS_MS = 300_000;

const submissionOf = (random: SeededRandom, startAt: EpochMs, durationMs: number): EpochMs => {
  const share = random.next();
  if (share < AT_ONCE_SHARE) return startAt;
  if (share < AT_ONCE_SHARE + DURING_FAULTS_SHARE)
    return addMs(startAt, random.between(0, DURING_FAULTS_UNTIL * durationMs));
  return addMs(startAt, durationMs + random.between(0, AFTER_FAULTS_MS));
};

/** Half of the tasks come at once, the others one after the other. */
export const drawWorkload = (
  random: SeededRandom,
  options: {
    readonly count: number;
    readonly startAt: EpochMs;
    readonly durationMs: number;
    readonly mayKill: boolean;
    /** Which fleet the next task is for. */
    readonly drawFleet: () => FleetName;
  },
): readonly PlannedTask[] => {
  const aside = random.fork('telling and keeping');
  return Array.from({ length: options.count }, (_, index) => {
    const work = drawWork(random, aside, index, options.mayKill);
    return {
      work,
      at: submissionOf(random, options.startAt, options.durationMs),
      isForeign: random.chance(FOREIGN_SHARE),
      truth: {
        taskId: taskId(work.name),
        fleet: options.drawFleet(),
        result: resultOf(work),
        isPoison: work.failures < 0,
        isSubmitted: false,
        failures: 0,
        isCancelAsked: false,
        retriesAsked: 0,
      },
    };
  });
};

/** What a run has said of itself, to be decided by. */
export interface Said {
  readonly keeps: boolean;
  /** When it ends, by its own word. */
  readonly endsAt?: EpochMs;
  /** How far it is, where its row takes all of that. */
  readonly stepsDone?: number;
}

export interface WorkerWorld {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly truthOf: (id: TaskId) => PlannedTask['truth'] | undefined;
  /** The task has begun, with the steps that it goes on from. */
  readonly onStart: (id: TaskId, attempt: number, stepsDone: number) => void;
  /** Its code has come to its end by itself, and nobody had asked it to stop. */
  readonly onOutcome: (id: TaskId, attempt: number, outcome: 'done' | 'failed' | 'handed back') => void;
  /** Its code runs no more. */
  readonly onEnd: (id: TaskId, attempt: number) => void;
  /** It is asked to stop, while its code runs. */
  readonly onAsked: (id: TaskId, attempt: number, said: Said) => void;
  /** It is asked for its state, and answers that of so many steps. */
  readonly onState: (id: TaskId, attempt: number, stepsDone: number) => void;
  /** A checkpoint after so many steps has been accepted, and how long that took. */
  readonly onKept: (id: TaskId, attempt: number, stepsDone: number, tookMs: number) => void;
  /** Ends the agent’s process. */
  readonly kill: () => void;
}

const isWork = (input: unknown): input is Work =>
  typeof input === 'object' && input !== null && 'steps' in input && 'stepSeconds' in input;

/** Whether this run is one of those that fail; counted when it does. */
const failsNow = ({ faults }: WorkerWorld, truth: PlannedTask['truth'], work: Work): boolean => {
  if (work.failures >= 0 && truth.failures >= work.failures) return false;
  // One that ends its process is counted by whoever sees the process end.
  if (!work.kills) truth.failures += 1;
  faults.met(work.kills ? 'F33' : 'F32', work.name);
  return true;
};

/** What these tasks say of how far they are. */
type Progress = { readonly done: number; readonly total: number } | { readonly secondsLeft?: number };

/** As much of a task's context as these tasks use. */
interface WorkContext {
  readonly taskId: string;
  readonly attempt: number;
  readonly resume?: unknown;
  readonly signal: AbortSignal;
  checkpoint(value: unknown): Promise<void>;
  checkpoint(save: () => unknown, everySeconds: number): void;
  progress(progress: Progress): void;
  commit(result: unknown): Promise<void>;
}

const stepsBefore = (resume: unknown): number =>
  typeof resume === 'object' && resume !== null && 'stepsDone' in resume ? Number(resume.stepsDone) : 0;

const PROGRESS: Readonly<Record<Work['tells'], (work: Work, stepsDone: number) => Progress>> = {
  share: ({ steps }, done) => ({ done, total: steps }),
  seconds: ({ steps, stepSeconds }, done) => ({ secondsLeft: (steps - done) * stepSeconds }),
  nothing: () => ({}),
};

/** One run of a task, and what it has said of itself so far. */
interface RunningWork {
  readonly work: Work;
  stepsDone: number;
  endsAt?: EpochMs;
}

const stateOf = ({ work: { paddingBytes, secret }, stepsDone }: RunningWork): unknown => ({
  stepsDone,
  padding: 'x'.repeat(paddingBytes),
  secret,
});

const tell = (world: WorkerWorld, running: RunningWork, context: WorkContext): void => {
  const { work, stepsDone } = running;
  if (work.tells === 'nothing') return;
  const progress = PROGRESS[work.tells](work, stepsDone);
  if ('secondsLeft' in progress && progress.secondsLeft !== undefined)
    running.endsAt = addMs(world.clock.now(), secondsToMs(progress.secondsLeft));
  context.progress(progress);
};

/** As the worker's own package throws it; known by its name. */
const handingBack = (): Error => Object.assign(new Error('Not here, not now.'), { name: 'HandBack' });

/** What it says before its first step. */
const begin = (world: WorkerWorld, running: RunningWork, context: WorkContext): void => {
  const { work } = running;
  const id = context.taskId as TaskId;
  world.onStart(id, context.attempt, running.stepsDone);
  tell(world, running, context);
  const saved = (): unknown => {
    world.onState(id, context.attempt, running.stepsDone);
    return stateOf(running);
  };
  if (work.keeps === 'in-the-background') context.checkpoint(saved, SAVE_SECONDS);
  if (work.ends !== 'handing-back' || context.attempt > 1) return;
  world.onOutcome(id, context.attempt, 'handed back');
  throw handingBack();
};

const failIfMeant = (world: WorkerWorld, { work }: RunningWork, { taskId: id, attempt, signal }: WorkContext): void => {
  const truth = world.truthOf(id as TaskId);
  if (truth === undefined || !failsNow(world, truth, work)) return;
  if (work.kills) world.kill();
  else if (!signal.aborted) world.onOutcome(id as TaskId, attempt, 'failed');
  throw new Error('This run was meant to fail.');
};

const runWork = async (world: WorkerWorld, running: RunningWork, context: WorkContext): Promise<unknown> => {
  const { work } = running;
  const id = context.taskId as TaskId;
  begin(world, running, context);
  while (running.stepsDone < work.steps) {
    await world.clock.sleep(secondsToMs(work.stepSeconds), context.signal);
    context.signal.throwIfAborted();
    failIfMeant(world, running, context);
    running.stepsDone += 1;
    tell(world, running, context);
    if (work.keeps !== 'after-each-step') continue;
    const startedAt = world.clock.now();
    await context.checkpoint(stateOf(running));
    world.onKept(id, context.attempt, running.stepsDone, world.clock.now() - startedAt);
  }
  if (!context.signal.aborted) world.onOutcome(id, context.attempt, 'done');
  const result = { name: work.name, stepsDone: running.stepsDone, secret: work.secret };
  if (work.ends !== 'committing') return result;
  await context.commit(result);
  await world.clock.sleep(secondsToMs(TIDY_SECONDS), context.signal);
  return 'tidied up';
};

const saidOf = ({ work, endsAt, stepsDone }: RunningWork): Said => ({
  keeps: work.keeps === 'in-the-background',
  ...(work.keeps === 'in-the-background' && work.paddingBytes === 0 ? { stepsDone } : {}),
  ...(endsAt === undefined ? {} : { endsAt }),
});

/** The worker of every task: steps that a person can follow, and failures as its body asks for them. */
export const workloadRunner = (world: WorkerWorld): TaskRunner =>
  moduleRunner(
    {
      name: 'simulated worker',
      run: async (context, input) => {
        if (!isWork(input)) throw new Error('The body says nothing about steps.');
        const running: RunningWork = { work: input, stepsDone: stepsBefore(context.resume) };
        const onAsked = (): void => world.onAsked(context.taskId as TaskId, context.attempt, saidOf(running));
        context.signal.addEventListener('abort', onAsked, { once: true });
        try {
          return await runWork(world, running, context);
        } finally {
          context.signal.removeEventListener('abort', onAsked);
          world.onEnd(context.taskId as TaskId, context.attempt);
        }
      },
    },
    { clock: world.clock },
  );
