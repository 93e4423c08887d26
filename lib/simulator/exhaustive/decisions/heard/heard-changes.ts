import {
  eventBody,
  type Fields,
  type HeardCase,
  heardTable,
  isHeardAs,
  MACHINE,
  NOTHING,
  REFUSED,
  UNRECOGNISED,
} from './event-heard.ts';

/** 2027-01-22T08:00:00Z, a week after it is heard. */
const A_WEEK = 7 * 86_400_000;

const announced = (instanceId: string, deadline = A_WEEK): string =>
  `scheduled-change of ${instanceId} at -60000 over at ${deadline}`;
const takenBack = (instanceId: string): string => `scheduled-change of ${instanceId} taken back`;

const fromHealth = (detail: Fields, others: Fields = {}): string =>
  eventBody(
    'aws.health',
    'AWS Health Event',
    {
      eventArn: 'arn:aws:health:us-east-1::event/1',
      service: 'EC2',
      eventTypeCode: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED',
      eventTypeCategory: 'scheduledChange',
      startTime: 'Fri, 22 Jan 2027 08:00:00 GMT',
      statusCode: 'upcoming',
      eventRegion: 'us-east-1',
      affectedAccount: '123456789012',
      affectedEntities: [{ entityValue: MACHINE }],
      ...detail,
    },
    others,
  );

const entities = (...values: unknown[]) => ({ affectedEntities: values.map((entityValue) => ({ entityValue })) });

const TWO = [
  { entityValue: MACHINE, status: 'RESOLVED' },
  { entityValue: 'i-abcd1111', status: 'PENDING' },
];

const manyIds = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `i-${String(index).padStart(17, '0')}`);

const CHANGES: readonly (readonly [detail: Fields, meaning: string])[] = [
  [{}, announced(MACHINE)],
  [{ statusCode: undefined, eventRegion: undefined, affectedAccount: undefined }, announced(MACHINE)],
  [{ statusCode: 'open' }, announced(MACHINE)],
  // As mail headers write it, with or without its day of the week, or as ISO 8601.
  [{ startTime: '22 Jan 2027 08:00:00 GMT' }, announced(MACHINE)],
  [{ startTime: '2027-01-22T08:00:00Z' }, announced(MACHINE)],
  [{ startTime: '1 Feb 2027 08:00:00 GMT' }, announced(MACHINE, A_WEEK + 10 * 86_400_000)],
  [{ startTime: 'Thu, 14 Jan 2027 08:00:00 GMT' }, announced(MACHINE, -86_400_000)],
  // No announcement of theirs is more than a year ahead of its event.
  [{ startTime: '2028-01-16T07:59:00Z' }, announced(MACHINE, 366 * 86_400_000 - 60_000)],
  [{ startTime: '2028-01-16T07:59:01Z' }, UNRECOGNISED],
  [{ startTime: 'Fri, 30 Feb 2027 08:00:00 GMT' }, UNRECOGNISED],
  [{ startTime: 'Fri, 22 Jan 2027 24:00:00 GMT' }, UNRECOGNISED],
  [{ startTime: 'Fri, 22 Foo 2027 08:00:00 GMT' }, UNRECOGNISED],
  [{ startTime: 'Fri, 22 Jan 2027 08:00:00' }, UNRECOGNISED],
  [{ startTime: 'Fri, 22 Jan 2027 08:00:00 CET' }, UNRECOGNISED],
  [{ startTime: 'next week' }, UNRECOGNISED],
  [{ startTime: 1_800_604_800_000 }, UNRECOGNISED],
  [{ startTime: undefined }, UNRECOGNISED],
  ...['closed', 'completed', 'cancelled', 'canceled', 'resolved', 'CLOSED'].map(
    (statusCode) => [{ statusCode }, takenBack(MACHINE)] as const,
  ),
  [{ statusCode: 'closed', startTime: undefined }, takenBack(MACHINE)],
  [{ statusCode: 'closed', startTime: 'next week' }, takenBack(MACHINE)],
  [{ statusCode: ['closed'] }, announced(MACHINE)],
  [{ eventTypeCode: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_CANCELLED' }, takenBack(MACHINE)],
  [{ eventTypeCode: 'AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_CANCELED' }, takenBack(MACHINE)],
  [{ eventTypeCode: 'AWS_EC2_CANCELLED_INSTANCE' }, announced(MACHINE)],
  [{ affectedEntities: TWO }, `${takenBack(MACHINE)}; ${announced('i-abcd1111')}`],
  [{ affectedEntities: TWO, statusCode: 'closed' }, `${takenBack(MACHINE)}; ${takenBack('i-abcd1111')}`],
  [entities(MACHINE, 'i-abcd1111', MACHINE), `${announced(MACHINE)}; ${announced('i-abcd1111')}`],
  // Hosts and volumes may stand among them.
  [entities('h-0123456789abcdef0', MACHINE, 'vol-0123456789abcdef0'), announced(MACHINE)],
  [entities('h-0123456789abcdef0'), NOTHING],
  [entities(), NOTHING],
  [{ affectedEntities: undefined }, NOTHING],
  [{ affectedEntities: null }, NOTHING],
  [entities(MACHINE, 'i-'), UNRECOGNISED],
  [entities(MACHINE, 'i-1234567890abcdef0\n'), UNRECOGNISED],
  [entities(MACHINE, 7), UNRECOGNISED],
  [{ affectedEntities: [{}] }, UNRECOGNISED],
  [{ affectedEntities: [MACHINE] }, UNRECOGNISED],
  [{ affectedEntities: MACHINE }, UNRECOGNISED],
  [{ affectedEntities: { 0: { entityValue: MACHINE } } }, UNRECOGNISED],
  [
    entities(...manyIds(500)),
    manyIds(16)
      .map((id) => announced(id))
      .join('; '),
  ],
  [entities(...manyIds(501)), UNRECOGNISED],
  [{ service: 'RDS' }, NOTHING],
  [{ service: undefined }, NOTHING],
  [{ eventTypeCategory: 'issue' }, NOTHING],
  [{ eventTypeCategory: 'accountNotification' }, NOTHING],
  // It is delivered to another Region as a copy, and to an organisation's account: what it is about stands in its detail.
  [{ eventRegion: 'us-west-2' }, REFUSED],
  [{ eventRegion: 7 }, REFUSED],
  [{ affectedAccount: '210987654321' }, REFUSED],
];

/** The days before each month of 2025, which has 365. */
const MONTHS: readonly (readonly [name: string, daysBefore: number])[] = [
  ['Jan', 0],
  ['Feb', 31],
  ['Mar', 59],
  ['Apr', 90],
  ['May', 120],
  ['Jun', 151],
  ['Jul', 181],
  ['Aug', 212],
  ['Sep', 243],
  ['Oct', 273],
  ['Nov', 304],
  ['Dec', 334],
];

/** 2025-01-01T00:00:00Z less the moment at which it is heard. */
const NEW_YEAR = 1_735_689_600_000 - 1_800_000_000_000;

function* all(): Generator<HeardCase> {
  for (const [detail, meaning] of CHANGES) yield isHeardAs(fromHealth(detail), meaning);
  for (const [month, days] of MONTHS) {
    const startTime = `Wed, 01 ${month} 2025 00:00:00 GMT`;
    yield isHeardAs(fromHealth({ startTime }), announced(MACHINE, NEW_YEAR + days * 86_400_000));
  }
  yield isHeardAs(fromHealth({}, { region: 'us-west-2' }), announced(MACHINE));
  yield isHeardAs(fromHealth({}, { detail: [] }), UNRECOGNISED);
  yield isHeardAs(fromHealth({ eventRegion: undefined }, { region: 'us-west-2' }), REFUSED);
  yield isHeardAs(fromHealth({}, { account: '210987654321' }), REFUSED);
}

/** What AWS Health's announcements are understood as (peers, C6). */
export const heardChanges = heardTable({ name: 'a scheduled change that is heard', promise: 'N5' }, all);
