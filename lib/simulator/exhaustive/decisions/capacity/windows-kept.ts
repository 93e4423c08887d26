import { decideWindow, type WindowDecision, type WindowQuestion } from '../../../../decisions/decide-window.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { NOW, secondsAgo } from './capacity-world.ts';
import { compareTold, type ToldCase, triedTogether } from './told-cases.ts';

const CASES = {
  /** Until the oldest unfinished task is due, in seconds: about where each of the rules turns. */
  secondsLeft: [859, 860, 1_139, 1_140, 2_639, 2_640, 2_879, 4_679, 4_680],
  tasks: [1, 9],
  inHand: [0, 2],
  taskSeconds: [10, 300, 900],
  slots: [1, 2],
  hasSpot: [false, true],
  /** Machines on demand that are there. */
  there: ['none', 'free', 'busy'],
  onDemandMax: [1, 4],
} as const;

type Case = CombinationOf<typeof CASES>;

const FREE_IN: Readonly<Record<string, readonly number[]>> = { none: [], free: [0], busy: [700] };

const freeInOf = ({ there, slots }: Case): readonly number[] =>
  FREE_IN[there]!.flatMap((seconds) => new Array<number>(slots).fill(seconds));

const toldOf = (decision: WindowDecision): string => {
  if (decision.kind === 'wait') return `wait with ${decision.machines}, ${decision.onDemandKept} stay`;
  if (decision.kind === 'buy') return `buy ${decision.onDemand}${decision.isEnough ? '' : ', too late'}`;
  return decision.kind;
};

const questionOf = (tried: Case): WindowQuestion => {
  const { secondsLeft, tasks, inHand, taskSeconds, slots, hasSpot, onDemandMax } = tried;
  return {
    window: { windowSeconds: 43_200, slots },
    now: NOW,
    oldestSubmittedAt: secondsAgo(43_200 - secondsLeft),
    taskSeconds,
    tasks,
    inHand: Math.min(inHand, tasks),
    hasSpot,
    onDemandFreeInSeconds: freeInOf(tried),
    onDemandMax,
  };
};

const decided = (tried: Case): string => toldOf(decideWindow(questionOf(tried)));

/**
 * There is time while time left ≥ start-up of spot + start-up + rounds × task + a task begun again + reserve: four minutes,
 * none for spot that is there, four minutes, and ten. Then as many are bought as end what nobody holds before the reserve,
 * each place so many whole tasks after its start-up; who is there is counted by when it is free.
 */
const expected = (tried: Case): string => {
  const { secondsLeft, tasks, inHand, taskSeconds, slots, hasSpot, there, onDemandMax } = tried;
  const isTime = (machines: number, left: number): boolean => {
    const rounds = Math.ceil(tasks / (machines * slots));
    return left >= (hasSpot ? 0 : 240) + 240 + rounds * taskSeconds + taskSeconds + 600;
  };
  const present = there === 'none' ? 0 : 1;
  if (isTime(onDemandMax, secondsLeft)) {
    const machines = [1, 2, 3, 4].find((count) => isTime(count, secondsLeft));
    return `wait with ${machines}, ${isTime(onDemandMax, secondsLeft - 1_800) ? 0 : present} stay`;
  }
  const wholeTasks = (freeIn: number): number => Math.max(0, Math.floor((secondsLeft - 600 - freeIn) / taskSeconds));
  const covered = present * slots * wholeTasks(there === 'busy' ? 700 : 0);
  const open = Math.max(0, tasks - Math.min(inHand, tasks) - covered);
  const more = Math.ceil(open / (slots * Math.max(1, wholeTasks(240))));
  const isEnough = present + more <= onDemandMax && (more === 0 || wholeTasks(240) > 0);
  return `buy ${Math.min(onDemandMax, present + more)}${isEnough ? '' : ', too late'}`;
};

const ROOMY: WindowQuestion = {
  window: { windowSeconds: 43_200, slots: 1 },
  now: NOW,
  oldestSubmittedAt: NOW,
  taskSeconds: 900,
  tasks: 1,
  inHand: 0,
  hasSpot: false,
  onDemandFreeInSeconds: [],
  onDemandMax: 1,
};

const answered = (of: string, changes: Partial<WindowQuestion>, due: string): ToldCase => ({
  of,
  decided: () => toldOf(decideWindow({ ...ROOMY, ...changes })),
  due,
});

/** What is not known is not guessed, and what is over is told. */
const TOLD: readonly ToldCase[] = [
  answered('all is known', {}, 'wait with 1, 0 stay'),
  answered('nothing to do', { tasks: 0 }, 'none'),
  answered('on demand may not stand in', { onDemandMax: 0 }, 'unknown'),
  answered('nobody knows how long a task takes', { taskSeconds: undefined }, 'unknown'),
  answered('nobody knows since when the oldest waits', { oldestSubmittedAt: undefined }, 'unknown'),
  answered('due just now', { oldestSubmittedAt: secondsAgo(43_200) }, 'missed'),
  answered('due in a moment', { oldestSubmittedAt: secondsAgo(43_199.999) }, 'buy 1, too late'),
];

/** How long spot is waited for where tasks are due, and how many machines are bought then. */
export const windowsKept: DecisionTable = {
  name: 'the window of a fleet',
  promise: 'W4',
  tryAll: () => triedTogether(compareDecisions(combinationsOf(CASES), decided, expected), compareTold(TOLD)),
};
