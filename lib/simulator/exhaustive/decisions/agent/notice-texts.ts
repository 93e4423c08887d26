import { parseInstanceAction, parseTerminationTime, unknownActionOf } from '../../../../agent/notices.ts';
import { epochMs } from '../../../../fleet/time.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

/** 2027-01-15T08:00:00Z */
const NOW = 1_800_000_000_000;

const AT_08_22 = 1_505_722_920_000;

interface Case {
  readonly path: 'instance-action' | 'termination-time';
  readonly text: string;
  readonly meaning: string;
}

const ends = (deadline: number, action: string, unknown = 'known'): string =>
  `spot-interruption at ${NOW}, over at ${deadline}, ${action}, ${unknown}`;

const NOTHING = 'no notice';

const ACTIONS: readonly (readonly [text: string, meaning: string])[] = [
  ['{"action":"terminate","time":"2017-09-18T08:22:00Z"}', ends(AT_08_22, 'terminate')],
  ['{"action":"stop","time":"2017-09-18T08:22:00Z"}', ends(AT_08_22, 'stop')],
  // Two minutes are not given: it begins at once.
  ['{"action":"hibernate","time":"2017-09-18T08:22:00Z"}', ends(NOW, 'hibernate')],
  ['{"action":"hibernate","time":"2027-01-15T08:02:00Z"}', ends(NOW, 'hibernate')],
  ['{"action":"terminate","time":"2027-01-15T08:02:00Z"}', ends(NOW + 120_000, 'terminate')],
  ['{"action":"terminate","time":"2027-01-15T08:02:00.500Z"}', ends(NOW + 120_500, 'terminate')],
  ['{"action":"terminate","time":"2027-01-15T10:02:00+02:00"}', ends(NOW + 120_000, 'terminate')],
  ['{"action":"stop","time":"2027-01-15T07:59:00Z"}', ends(NOW - 60_000, 'stop')],
  [' {"time":"2017-09-18T08:22:00Z","action":"terminate","more":1}\n', ends(AT_08_22, 'terminate')],
  // One that nobody knows ends the machine all the same.
  ['{"action":"evaporate","time":"2017-09-18T08:22:00Z"}', ends(AT_08_22, 'undefined', 'unknown evaporate')],
  ['{"action":"Terminate","time":"2017-09-18T08:22:00Z"}', ends(AT_08_22, 'undefined', 'unknown Terminate')],
  ['{"action":"","time":"2017-09-18T08:22:00Z"}', ends(AT_08_22, 'undefined', 'unknown ')],
  [
    `{"action":"${'x'.repeat(99)}","time":"2017-09-18T08:22:00Z"}`,
    ends(AT_08_22, 'undefined', `unknown ${'x'.repeat(40)}`),
  ],
  ['{"action":"terminate"}', NOTHING],
  ['{"action":"terminate","time":"soon"}', NOTHING],
  ['{"action":"terminate","time":""}', NOTHING],
  // What merely contains a number is no time, nor is what each machine would read in its own zone.
  ['{"action":"terminate","time":"1"}', NOTHING],
  ['{"action":"terminate","time":"soon 1"}', NOTHING],
  ['{"action":"terminate","time":"2017-09-18"}', NOTHING],
  ['{"action":"terminate","time":"2017-09-18T08:22:00"}', NOTHING],
  ['{"action":"terminate","time":"2017-02-30T00:00:00Z"}', NOTHING],
  ['{"action":"terminate","time":"2017-09-18T08:22:00+25:00"}', NOTHING],
  ['{"action":"terminate","time":"2017-09-18T03:52:00-04:30"}', ends(AT_08_22, 'terminate')],
  ['{"action":"terminate","time":1505722920000}', NOTHING],
  ['{"action":"terminate","time":null}', NOTHING],
  ['{"action":"terminate","time":"2017-13-18T08:22:00Z"}', NOTHING],
  ['{"action":"terminate","time":"2017-09-18T25:22:00Z"}', NOTHING],
  ['{"action":7,"time":"2017-09-18T08:22:00Z"}', NOTHING],
  ['{"action":["terminate"],"time":"2017-09-18T08:22:00Z"}', NOTHING],
  ['{"time":"2017-09-18T08:22:00Z"}', NOTHING],
  ['["terminate","2017-09-18T08:22:00Z"]', NOTHING],
  ['"terminate"', NOTHING],
  ['null', NOTHING],
  ['{}', NOTHING],
  ['{"action":"terminate","time":"2017-09-18T08:22:00Z"', NOTHING],
  ['<html>404 - Not Found</html>', NOTHING],
  ['', NOTHING],
];

const TERMINATION_TIMES: readonly (readonly [text: string, meaning: string])[] = [
  ['2015-01-05T18:02:00Z', ends(1_420_480_920_000, 'terminate')],
  ['2027-01-15T08:02:00Z', ends(NOW + 120_000, 'terminate')],
  ['2027-01-15T07:59:59Z\n', ends(NOW - 1_000, 'terminate')],
  ['2016-02-29T00:00:00Z', ends(1_456_704_000_000, 'terminate')],
  ['2015-13-05T18:02:00Z', NOTHING],
  ['2015-01-05T24:02:00Z', NOTHING],
  ['2015-01-05T18:02:00', NOTHING],
  ['2015-01-05T18:02:00+02:00', NOTHING],
  ['2015-01-05 18:02:00Z', NOTHING],
  ['x2015-01-05T18:02:00Z', NOTHING],
  ['+002015-01-05T18:02:00Z', NOTHING],
  ['2015-01-05T18:02:00Z (UTC)', NOTHING],
  ['2015-01-05T18:02:00Zx', NOTHING],
  ['2015-01-05', NOTHING],
  ['2015', NOTHING],
  ['"2015-01-05T18:02:00Z"', NOTHING],
  ['{"action":"terminate","time":"2015-01-05T18:02:00Z"}', NOTHING],
  ['<html>404 - Not Found</html>', NOTHING],
  ['', NOTHING],
];

function* all(): Generator<Case> {
  for (const [text, meaning] of ACTIONS) yield { path: 'instance-action', text, meaning };
  for (const [text, meaning] of TERMINATION_TIMES) yield { path: 'termination-time', text, meaning };
}

const decided = ({ path, text }: Case): string => {
  const parse = path === 'instance-action' ? parseInstanceAction : parseTerminationTime;
  const warning = parse(text, epochMs(NOW));
  if (warning === undefined) return NOTHING;
  const unknown = path === 'instance-action' ? unknownActionOf(text) : undefined;
  const known = unknown === undefined ? 'known' : `unknown ${unknown}`;
  return `${warning.kind} at ${warning.at}, over at ${warning.deadline}, ${warning.action}, ${known}`;
};

/** What a machine reads of its own interruption, in the newer form and in the older one (reliability F63). */
export const noticeTexts: DecisionTable = {
  name: 'an interruption notice of the metadata service',
  promise: 'N5',
  tryAll: () => compareDecisions(all(), decided, ({ meaning }) => meaning),
};
