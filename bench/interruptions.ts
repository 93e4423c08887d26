import { draw, drawBetween } from '../lib/market/draw.ts';

/** A queue of tasks of one kind; seconds of run time, log-uniform between the two: as many in each octave. */
export interface QueueKind {
  readonly name: 'short' | 'long-saving' | 'long';
  readonly leastSeconds: number;
  readonly mostSeconds: number;
  /** Its tasks save their work each minute, and when they are asked to stop. The others keep nothing until they end. */
  readonly saves: boolean;
}

export const QUEUE_KINDS: readonly QueueKind[] = [
  { name: 'short', leastSeconds: 10, mostSeconds: 100, saves: false },
  { name: 'long-saving', leastSeconds: 120, mostSeconds: 1_800, saves: true },
  { name: 'long', leastSeconds: 120, mostSeconds: 1_800, saves: false },
];

/** One task that may run when its machine is given notice. */
export interface InterruptedTask {
  readonly taskId: string;
  /** What it takes in all. */
  readonly seconds: number;
}

/** One machine with several tasks of one queue, all begun together, and the moment at which EC2 gives it notice. */
export interface Interruption {
  readonly kind: QueueKind;
  readonly tasks: readonly InterruptedTask[];
  readonly noticeAtSeconds: number;
}

export const SAVE_EVERY_SECONDS = 60;

const TASKS = 4;
const NOTICE_LEAST_SECONDS = 5;

/** The length that so large a share of a queue's tasks does not exceed. */
export const lengthQuantile = ({ leastSeconds, mostSeconds }: QueueKind, share: number): number =>
  leastSeconds * (mostSeconds / leastSeconds) ** share;

/** The same for the same seed, whoever is measured by it. */
export const interruptionOf = (kind: QueueKind, seed: number): Interruption => ({
  kind,
  tasks: Array.from({ length: TASKS }, (_, index) => ({
    taskId: `task-${seed}-${index}`,
    seconds: lengthQuantile(kind, draw(seed, kind.name, index, 'length')),
  })),
  noticeAtSeconds: drawBetween({ least: NOTICE_LEAST_SECONDS, most: kind.mostSeconds / 2 }, seed, kind.name, 'notice'),
});

/** Seconds of one task's work that are lost when it is cut off after so many. */
const lostWhenCut = ({ seconds }: InterruptedTask, saves: boolean, cutAtSeconds: number): number => {
  if (seconds <= cutAtSeconds) return 0;
  return saves ? cutAtSeconds % SAVE_EVERY_SECONDS : cutAtSeconds;
};

const lostInAll = ({ tasks, kind }: Interruption, cutAtSeconds: number): number =>
  tasks.reduce((total, task) => total + lostWhenCut(task, kind.saves, cutAtSeconds), 0);

/** Whoever ends its workers as soon as the notice is there. */
export const lostByKillAtNotice = (interruption: Interruption): number =>
  lostInAll(interruption, interruption.noticeAtSeconds);

/** Whoever knows of no notice: its workers run until the machine is gone, and the queue shows their messages again later. */
export const lostByWaiting = (interruption: Interruption, noticeSeconds: number): number =>
  lostInAll(interruption, interruption.noticeAtSeconds + noticeSeconds);
