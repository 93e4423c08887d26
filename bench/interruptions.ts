import { draw, drawBetween } from '../lib/market/draw.ts';

/** One task that runs when its machine is given notice. Seconds since the machine began with it. */
export interface InterruptedTask {
  readonly taskId: string;
  /** What it takes in all. */
  readonly seconds: number;
  /** It saves its work each minute, and when it is asked to stop. */
  readonly saves: boolean;
}

/** One machine with several tasks, all begun together, and the moment at which EC2 gives it notice. */
export interface Interruption {
  readonly tasks: readonly InterruptedTask[];
  readonly noticeAtSeconds: number;
}

export const SAVE_EVERY_SECONDS = 60;

const TASKS = 4;
/** Log-uniform: as many between one and two minutes as between ten and twenty. */
const SHORTEST_SECONDS = 20;
const LONGEST_SECONDS = 1_800;
const NOTICE_WITHIN = { least: 10, most: 900 };

/** The length that so large a share of the tasks does not exceed. */
export const lengthQuantile = (share: number): number =>
  SHORTEST_SECONDS * (LONGEST_SECONDS / SHORTEST_SECONDS) ** share;

const taskOf = (seed: number, index: number): InterruptedTask => ({
  taskId: `task-${seed}-${index}`,
  seconds: lengthQuantile(draw(seed, index, 'length')),
  saves: index % 2 === 0,
});

/** The same for the same seed, whoever is measured by it. */
export const interruptionOf = (seed: number): Interruption => ({
  tasks: Array.from({ length: TASKS }, (_, index) => taskOf(seed, index)),
  noticeAtSeconds: drawBetween(NOTICE_WITHIN, seed, 'notice'),
});

/** Seconds of one task's work that are lost when it is cut off after so many. */
const lostWhenCut = ({ seconds, saves }: InterruptedTask, cutAtSeconds: number): number => {
  if (seconds <= cutAtSeconds) return 0;
  return saves ? cutAtSeconds % SAVE_EVERY_SECONDS : cutAtSeconds;
};

const lostInAll = ({ tasks }: Interruption, cutAtSeconds: number): number =>
  tasks.reduce((total, task) => total + lostWhenCut(task, cutAtSeconds), 0);

/** Whoever ends its workers as soon as the notice is there. */
export const lostByKillAtNotice = (interruption: Interruption): number =>
  lostInAll(interruption, interruption.noticeAtSeconds);

/** Whoever knows of no notice: its workers run until the machine is gone, and the queue shows their messages again later. */
export const lostByWaiting = (interruption: Interruption, noticeSeconds: number): number =>
  lostInAll(interruption, interruption.noticeAtSeconds + noticeSeconds);
