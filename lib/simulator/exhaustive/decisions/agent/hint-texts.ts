import { parseRebalance, parseTargetState } from '../../../../agent/notices.ts';
import { epochMs } from '../../../../fleet/time.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

const NOW = 1_800_000_000_000;

interface Case {
  readonly path: 'rebalance' | 'target state';
  readonly text: string;
  readonly meaning: string;
}

const NOT_UNDERSTOOD = 'not understood';
const NOTHING = 'nothing';
const RECOMMENDED_NOW = `rebalance-recommendation at ${NOW}, over at undefined`;
const ENDS_NOW = `lifecycle-terminating at ${NOW}, over at undefined`;

/** It counts even when its time cannot be read: it is the word that warns. */
const RECOMMENDATIONS: readonly (readonly [text: string, meaning: string])[] = [
  ['{"noticeTime":"2020-10-27T08:22:00Z"}', 'rebalance-recommendation at 1603786920000, over at undefined'],
  ['{"noticeTime":"2027-01-15T08:00:00Z"}', RECOMMENDED_NOW],
  ['{"noticeTime":"soon"}', RECOMMENDED_NOW],
  ['{"noticeTime":1603786920000}', RECOMMENDED_NOW],
  ['{"noticeTime":""}', RECOMMENDED_NOW],
  ['{"noticeTime":null}', RECOMMENDED_NOW],
  ['{}', NOT_UNDERSTOOD],
  ['{"time":"2020-10-27T08:22:00Z"}', NOT_UNDERSTOOD],
  ['[]', NOT_UNDERSTOOD],
  ['null', NOT_UNDERSTOOD],
  ['"noticeTime"', NOT_UNDERSTOOD],
  ['{"noticeTime":', NOT_UNDERSTOOD],
  ['<html>404 - Not Found</html>', NOT_UNDERSTOOD],
  ['', NOT_UNDERSTOOD],
];

const TARGET_STATES: readonly (readonly [text: string, meaning: string])[] = [
  ['Terminated', ENDS_NOW],
  ['Warmed:Terminated', ENDS_NOW],
  [' Terminated\n', ENDS_NOW],
  ['InService', NOTHING],
  ['InService\n', NOTHING],
  ['Detached', NOTHING],
  ['Standby', NOTHING],
  ['Warmed:Hibernated', NOTHING],
  ['Warmed:Running', NOTHING],
  ['Warmed:Stopped', NOTHING],
  ['terminated', NOT_UNDERSTOOD],
  ['Terminating', NOT_UNDERSTOOD],
  ['Not Terminated', NOT_UNDERSTOOD],
  ['InService Terminated', NOT_UNDERSTOOD],
  ['Warmed', NOT_UNDERSTOOD],
  ['Warmed:', NOT_UNDERSTOOD],
  ['{"state":"Terminated"}', NOT_UNDERSTOOD],
  ['<html>404 - Not Found</html>', NOT_UNDERSTOOD],
  ['', NOT_UNDERSTOOD],
];

function* all(): Generator<Case> {
  for (const [text, meaning] of RECOMMENDATIONS) yield { path: 'rebalance', text, meaning };
  for (const [text, meaning] of TARGET_STATES) yield { path: 'target state', text, meaning };
}

const decided = ({ path, text }: Case): string => {
  const parse = path === 'rebalance' ? parseRebalance : parseTargetState;
  const warning = parse(text, epochMs(NOW));
  if (warning === undefined) return NOT_UNDERSTOOD;
  return warning === 'no-warning' ? NOTHING : `${warning.kind} at ${warning.at}, over at ${warning.deadline}`;
};

/** What a machine reads of a recommendation, and of what its Auto Scaling group wants of it. */
export const hintTexts: DecisionTable = {
  name: 'a recommendation or a target state of the metadata service',
  promise: 'N5',
  tryAll: () => compareDecisions(all(), decided, ({ meaning }) => meaning),
};
