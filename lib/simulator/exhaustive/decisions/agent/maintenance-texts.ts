import { parseMaintenance } from '../../../../agent/notices.ts';
import { compareDecisions, type DecisionTable } from '../decision-table.ts';

interface Case {
  readonly text: string;
  readonly meaning: string;
}

const EVENT = {
  NotBefore: '21 Jan 2019 09:00:43 GMT',
  Code: 'system-reboot',
  Description: 'scheduled reboot',
  EventId: 'instance-event-1',
  NotAfter: '21 Jan 2019 09:17:23 GMT',
  State: 'active',
};

const AT_09_00_43 = 1_548_061_243_000;

const listOf = (...changes: readonly object[]): string =>
  JSON.stringify(changes.map((change) => ({ ...EVENT, ...change })));

const open = (notBefore: number, id = 'instance-event-1'): string => `${id} from ${notBefore}`;
const over = (notBefore = AT_09_00_43): string => `instance-event-1 is over, was from ${notBefore}`;

/** The first day of each month of 2024, which has a 29th of February, by days since the epoch. */
const MONTHS: readonly (readonly [name: string, day: number])[] = [
  ['Jan', 19_723],
  ['Feb', 19_754],
  ['Mar', 19_783],
  ['Apr', 19_814],
  ['May', 19_844],
  ['Jun', 19_875],
  ['Jul', 19_905],
  ['Aug', 19_936],
  ['Sep', 19_967],
  ['Oct', 19_997],
  ['Nov', 20_028],
  ['Dec', 20_058],
];

const TEXTS: readonly (readonly [text: string, meaning: string])[] = [
  ['[]', 'none'],
  [listOf({}), open(AT_09_00_43)],
  [listOf({ NotBefore: 'Mon, 21 Jan 2019 09:00:43 GMT' }), open(AT_09_00_43)],
  [listOf({ NotBefore: '1 Jan 2019 00:00:00 GMT' }), open(1_546_300_800_000)],
  [listOf({ NotBefore: '2019-01-21T09:00:43Z' }), open(AT_09_00_43)],
  [listOf({ NotBefore: '2019-01-21T09:00:43.000Z' }), open(AT_09_00_43)],
  // The end of the window says nothing of its beginning.
  [listOf({ NotAfter: undefined }), open(AT_09_00_43)],
  [listOf({ State: 'completed' }), over()],
  [listOf({ State: 'canceled' }), over()],
  [listOf({ State: 'cancelled' }), over()],
  [listOf({ State: undefined }), open(AT_09_00_43)],
  [listOf({ State: 'opened' }), open(AT_09_00_43)],
  [listOf({ State: undefined, Description: '[Completed] scheduled reboot' }), over()],
  [listOf({ State: undefined, Description: '[Canceled] scheduled reboot' }), over()],
  [listOf({ Description: '[Cancelled] scheduled reboot' }), over()],
  [listOf({ Description: '[COMPLETED] scheduled reboot' }), over()],
  [listOf({ Description: 'Completed soon' }), open(AT_09_00_43)],
  [listOf({ Description: 'not [Canceled]' }), open(AT_09_00_43)],
  [listOf({ Description: ['[Completed]'] }), open(AT_09_00_43)],
  // Without an id of its own, what it is and when it begins tells it from others.
  [listOf({ EventId: undefined }), open(AT_09_00_43, `system-reboot ${AT_09_00_43}`)],
  [listOf({ EventId: 7 }), open(AT_09_00_43, `system-reboot ${AT_09_00_43}`)],
  [
    listOf({}, { EventId: 'other', NotBefore: '22 Jan 2019 09:00:43 GMT' }),
    `${open(AT_09_00_43)}; ${open(AT_09_00_43 + 86_400_000, 'other')}`,
  ],
  [listOf({ NotBefore: undefined }), '1 unreadable'],
  [listOf({ NotBefore: '' }), '1 unreadable'],
  [listOf({ NotBefore: 'soon' }), '1 unreadable'],
  [listOf({ NotBefore: 'soon 7' }), '1 unreadable'],
  [listOf({ NotBefore: '31 Feb 2019 09:00:43 GMT' }), '1 unreadable'],
  [listOf({ NotBefore: '2019-01-21T09:00:43' }), '1 unreadable'],
  [listOf({ NotBefore: '2019-01-21T10:00:43+01:00' }), open(AT_09_00_43)],
  [listOf({ NotBefore: 1_548_061_243 }), '1 unreadable'],
  [listOf({ NotBefore: '21 Foo 2019 09:00:43 GMT' }), '1 unreadable'],
  [listOf({}, { NotBefore: 'soon' }), `${open(AT_09_00_43)}; 1 unreadable`],
  ['[null,7,"system-reboot",[]]', '4 unreadable'],
  ['{}', 'no list'],
  [JSON.stringify(EVENT), 'no list'],
  ['null', 'no list'],
  ['"[]"', 'no list'],
  ['[', 'no list'],
  ['<html>404 - Not Found</html>', 'no list'],
  ['', 'no list'],
];

function* all(): Generator<Case> {
  for (const [text, meaning] of TEXTS) yield { text, meaning };
  for (const [month, day] of MONTHS) {
    yield { text: listOf({ NotBefore: `01 ${month} 2024 00:00:00 GMT` }), meaning: open(day * 86_400_000) };
  }
}

const decided = ({ text }: Case): string => {
  const parsed = parseMaintenance(text);
  if (parsed === undefined) return 'no list';
  const told = parsed.events.map(({ eventId, isOver, notBefore }) =>
    isOver ? `${eventId} is over, was from ${notBefore}` : `${eventId} from ${notBefore}`,
  );
  if (parsed.unreadable > 0) told.push(`${parsed.unreadable} unreadable`);
  return told.join('; ') || 'none';
};

/** What a machine reads of the maintenance that is announced for it. */
export const maintenanceTexts: DecisionTable = {
  name: 'maintenance that the metadata service announces',
  promise: 'N5',
  tryAll: () => compareDecisions(all(), decided, ({ meaning }) => meaning),
};
