import { forgottenAmong } from '../../../../decisions/decide-task.ts';
import { fleetName, taskId } from '../../../../fleet/ids.ts';
import type { TaskRecord } from '../../../../fleet/task.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, NOW } from '../machines/told-machines.ts';

/** A task by what happened to it; what its row says of that; and for how long anybody could have taken it. */
interface Story {
  readonly name: string;
  readonly row: Partial<TaskRecord>;
  /** Not at all where it is absent. */
  readonly availableFor?: number;
  readonly isSentLately?: boolean;
}

const submitted = (ago: number, lookIn: number): Partial<TaskRecord> => ({
  submittedAt: inSeconds(-ago),
  checkAt: inSeconds(lookIn),
});

/** Taken once, given back so long ago, with a rest after that where it failed: the next look is five minutes after both. */
const returned = (ago: number, rest = 0): Partial<TaskRecord> => ({
  attempt: 1,
  checkAt: inSeconds(300 + rest - ago),
});

const sent = (ago: number): Partial<TaskRecord> => ({ ...returned(ago), sentAgainAt: inSeconds(-ago) });

const STORIES: readonly Story[] = [
  { name: 'submitted just now', row: submitted(29.999, 270.001), availableFor: 29.999 },
  { name: 'submitted', row: submitted(30, 270), availableFor: 30 },
  { name: 'submitted, looked at soon', row: submitted(45, 60), availableFor: 45 },
  { name: 'submitted among many', row: submitted(200, 3_000), availableFor: 200 },
  { name: 'submitted among many just now', row: submitted(20, 3_000), availableFor: 20 },
  { name: 'handed back just now', row: returned(29), availableFor: 29 },
  { name: 'handed back', row: returned(40), availableFor: 40 },
  { name: 'resting', row: returned(10, 70) },
  { name: 'rested', row: returned(100, 50), availableFor: 50 },
  { name: 'sent lately', row: sent(299.999), availableFor: 299.999, isSentLately: true },
  { name: 'new and sent just now', row: { ...submitted(80, 300), sentAgainAt: NOW }, availableFor: 0 },
  { name: 'sent in vain', row: sent(300), availableFor: 300 },
  { name: 'sent twice in vain', row: sent(350), availableFor: 350 },
  { name: 'running', row: { ...returned(120), status: 'running' } },
  { name: 'done', row: { ...submitted(150, 150), status: 'done' } },
];

interface Case {
  readonly stories: readonly Story[];
  readonly waiting: number;
}

/** Every two of them in both orders, and all of them from each place on. */
function* cases(): Generator<Case> {
  for (const first of STORIES) {
    for (const second of STORIES) {
      const stories = first === second ? [first] : [first, second];
      for (const waiting of [0, 1, 2]) yield { stories, waiting };
    }
  }
  for (const [place] of STORIES.entries()) {
    const stories = [...STORIES.slice(place), ...STORIES.slice(0, place)];
    for (const [waiting] of STORIES.entries()) yield { stories, waiting };
  }
}

const rowOf = ({ name, row }: Story): TaskRecord => ({
  form: 1,
  taskId: taskId(name.replaceAll(' ', '-')),
  fleet: fleetName('explored'),
  status: 'ready',
  attempt: 0,
  failures: 0,
  reclaims: 0,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: inSeconds(-5_000),
  ...row,
});

const decided = ({ stories, waiting }: Case): string =>
  forgottenAmong(stories.map(rowOf), waiting, NOW)
    .map(({ taskId: id }) => id.replaceAll('-', ' '))
    .join('; ') || 'none';

/** `docs/designs/0007`: as many as there are beyond those that wait, the longest available first, none sent lately. */
const expected = ({ stories, waiting }: Case): string => {
  const ready = stories.filter(({ availableFor = 0 }) => availableFor >= 30);
  const longestFirst = ready
    .filter(({ isSentLately }) => !isSentLately)
    .sort((one, other) => other.availableFor! - one.availableFor!);
  const lost = ready.length > waiting ? ready.length - waiting : 0;
  return (
    longestFirst
      .filter((_, place) => place < lost)
      .map(({ name }) => name)
      .join('; ') || 'none'
  );
};

/** Which ready tasks have lost their message: how many, which, and in which order. */
export const forgottenTasks: DecisionTable = {
  name: 'tasks whose message is lost',
  promise: 'W4',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
