import type { TaskRecord } from '../../fleet/task.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';

/** Under which attempt of the row's a step comes, by whom, and on what. */
const situationOf = (row: TaskRecord | undefined, step: TaskStep): string => {
  if (row === undefined) return 'on no row';
  const attempts = 'attempt' in step ? Math.sign(step.attempt - row.attempt) : undefined;
  const isOthers = 'owner' in step && row.owner !== undefined && step.owner !== row.owner;
  return [
    ...(attempts === undefined ? [] : [`of ${['an earlier', 'the same', 'a later'][attempts + 1]} attempt`]),
    ...(isOthers ? ['by another owner'] : []),
    `on a ${row.status} row`,
  ].join(' ');
};

export interface Difference {
  readonly row: TaskRecord | undefined;
  readonly step: TaskStep;
  readonly told: string;
  readonly expected: string;
}

const kindOf = ({ row, step, told, expected }: Difference): string => {
  const what = `${step.step} ${situationOf(row, step)}`;
  if (told !== expected) return `${what} is told to be ${told}, and should be ${expected}`;
  return `${what} is told to be ${told}, and changes the row otherwise than the table says`;
};

/** Differences of one kind are one mistake: told once, with how many there are and what the first one looks like. */
export const collectDifferences = () => {
  const kinds = new Map<string, { count: number; readonly first: Difference }>();
  return {
    note: (difference: Difference): void => {
      const kind = kindOf(difference);
      const known = kinds.get(kind) ?? { count: 0, first: difference };
      known.count += 1;
      kinds.set(kind, known);
    },
    told: (transitions: number): readonly string[] =>
      [...kinds].map(
        ([
          kind,
          {
            count,
            first: { row, step },
          },
        ]) => {
          const example = `${JSON.stringify(step)} on ${JSON.stringify(row ?? null)}`;
          return `${kind} (${count} of ${transitions} steps, as ${example})`;
        },
      ),
  };
};
