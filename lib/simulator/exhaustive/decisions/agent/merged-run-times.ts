import { mergeRunTimes } from '../../../../decisions/merge-run-times.ts';
import type { RunTimeSummary } from '../../../../fleet/instance.ts';
import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const MACHINES: readonly (RunTimeSummary | undefined)[] = [
  undefined,
  { samples: 0, halfMs: 7, nineTenthsMs: 9, checkpointNineTenthsMs: 5 },
  { samples: 1, halfMs: 1_000, nineTenthsMs: 3_000 },
  { samples: 63, halfMs: 2_000, nineTenthsMs: 2_500, checkpointNineTenthsMs: 800 },
  { samples: 65, halfMs: 5_001, nineTenthsMs: 9_000, checkpointNineTenthsMs: 4_000 },
  { samples: 1_000, halfMs: 0, nineTenthsMs: 1, checkpointNineTenthsMs: 0 },
];

const CASES = { one: MACHINES, other: MACHINES, third: MACHINES };

interface Case {
  readonly one: RunTimeSummary | undefined;
  readonly other: RunTimeSummary | undefined;
  readonly third: RunTimeSummary | undefined;
}

const sentenceOf = ({ samples, halfMs, nineTenthsMs, checkpointNineTenthsMs }: RunTimeSummary): string =>
  `${samples} seen: half within ${halfMs}, nine tenths within ${nineTenthsMs}, checkpoints within ${checkpointNineTenthsMs}`;

const decided = ({ one, other, third }: Case): string => {
  const merged = mergeRunTimes([one, other, third]);
  return merged === undefined ? 'nothing is known' : sentenceOf(merged);
};

/** Each machine speaks for the tasks that it has seen, and for no more than the 64 that it remembers. */
const expected = ({ one, other, third }: Case): string => {
  const witnesses: RunTimeSummary[] = [];
  for (const machine of [one, other, third]) if (machine !== undefined && machine.samples > 0) witnesses.push(machine);
  if (witnesses.length === 0) return 'nothing is known';
  const meanOf = (figure: keyof RunTimeSummary): number | undefined => {
    let tasks = 0;
    let sum = 0;
    for (const witness of witnesses) {
      const ms = witness[figure];
      if (ms === undefined) continue;
      const weight = witness.samples > 64 ? 64 : witness.samples;
      tasks += weight;
      sum += weight * ms;
    }
    return tasks === 0 ? undefined : Math.round(sum / tasks);
  };
  let seen = 0;
  for (const { samples } of witnesses) seen += samples;
  return `${seen} seen: half within ${meanOf('halfMs')}, nine tenths within ${meanOf('nineTenthsMs')}, checkpoints within ${meanOf('checkpointNineTenthsMs')}`;
};

/** What the machines of a fleet have seen of its tasks, as one. */
export const mergedRunTimes: DecisionTable = {
  name: 'run times of several machines',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
