import { parseProgress } from '../../../../agent/exec-progress.ts';
import { printableReason } from '../../../../agent/runner.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

interface Case {
  readonly what: 'progress' | 'reason';
  readonly text: string;
  readonly meaning: string;
}

const NOTHING = 'share undefined, left undefined, saves undefined';

const REPORTS: readonly (readonly [text: string, meaning: string])[] = [
  ['{"share":0.4,"secondsLeft":90,"savesWhenStopped":true}', 'share 0.4, left 90, saves true'],
  ['{"share":0}', 'share 0, left undefined, saves undefined'],
  ['{"share":1}', 'share 1, left undefined, saves undefined'],
  ['{"share":1.0001}', NOTHING],
  ['{"share":-0.0001}', NOTHING],
  ['{"share":"0.4"}', NOTHING],
  ['{"share":null,"secondsLeft":2}', 'share undefined, left 2, saves undefined'],
  ['{"secondsLeft":0}', 'share undefined, left 0, saves undefined'],
  ['{"secondsLeft":-1}', NOTHING],
  ['{"secondsLeft":9007199254740991}', 'share undefined, left 9007199254740991, saves undefined'],
  ['{"secondsLeft":1e300}', NOTHING],
  ['{"secondsLeft":"90"}', NOTHING],
  // Only a plain yes counts: what says no is asked all the same.
  ['{"savesWhenStopped":false}', NOTHING],
  ['{"savesWhenStopped":"yes"}', NOTHING],
  ['{"savesWhenStopped":1}', NOTHING],
  ['{}', NOTHING],
  ['[]', NOTHING],
  ['null', 'not understood'],
  ['7', 'not understood'],
  ['"share"', 'not understood'],
  ['{"share":0.4', 'not understood'],
  ['', 'not understood'],
];

const REASONS: readonly (readonly [text: string, meaning: string])[] = [
  ['exit code 1', 'exit code 1'],
  ['', 'no reason given'],
  [' \n\t', 'no reason given'],
  ['two\nlines\r\nor  three', 'two lines or three'],
  ['\u001b[31mred\u0007', '[31mred'],
  ['left\u202eright\u2066', 'left right'],
  ['zéro – 7 μs', 'zéro – 7 μs'],
  ['x'.repeat(300), 'x'.repeat(300)],
  ['x'.repeat(301), 'x'.repeat(300)],
  [`${'x'.repeat(299)}😀`, `${'x'.repeat(299)}\ufffd`],
];

function* all(): Generator<Case> {
  for (const [text, meaning] of REPORTS) yield { what: 'progress', text, meaning };
  for (const [text, meaning] of REASONS) yield { what: 'reason', text, meaning };
}

const decided = ({ what, text }: Case): string => {
  if (what === 'reason') return printableReason(text);
  const report = parseProgress(text);
  if (report === undefined) return 'not understood';
  return `share ${report.share}, left ${report.secondsLeft}, saves ${report.savesWhenStopped}`;
};

/** What a command tells of itself: what cannot be true is left out, and no reason forges a line. */
export const progressTexts: DecisionTable = {
  name: 'what a command says of itself',
  promise: 'S2',
  tryAll: () => compareDecisions(all(), decided, ({ meaning }) => meaning),
};
