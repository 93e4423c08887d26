import { eventBody, type Fields, type HeardCase, heardTable, isHeardAs, MACHINE, UNRECOGNISED } from './event-heard.ts';

const WARNING = 'EC2 Spot Instance Interruption Warning';
const RECOMMENDATION = 'EC2 Instance Rebalance Recommendation';
const RESERVATION = 'EC2 Capacity Reservation Instance Interruption Warning';
const FULFILMENT = 'EC2 Spot Instance Request Fulfillment';

const fromEc2 = (detailType: string, detail: Fields, others: Fields = {}): string =>
  eventBody('aws.ec2', detailType, { 'instance-id': MACHINE, ...detail }, others);

/** The event is a minute old, and says nothing of its deadline: two minutes after its own time, but for a hibernation. */
const ACTIONS: readonly (readonly [action: unknown, meaning: string])[] = [
  ['terminate', 'over at 60000 terminate'],
  ['stop', 'over at 60000 stop'],
  ['hibernate', 'over at -60000 hibernate'],
  ['evaporate', 'over at 60000'],
  ['Hibernate', 'over at 60000'],
  ['', 'over at 60000'],
  [7, 'over at 60000'],
  [null, 'over at 60000'],
  [undefined, 'over at 60000'],
];

/** An owner's word, up to a day after the event; without it, two minutes. */
const TERMINATION_TIMES: readonly (readonly [time: unknown, meaning: string | undefined])[] = [
  [undefined, 'over at 60000 terminate'],
  ['2027-01-15T08:00:00Z', 'over at 0 terminate'],
  ['2027-01-15T08:03:00.500Z', 'over at 180500 terminate'],
  ['2027-01-15T07:00:00Z', 'over at -3600000 terminate'],
  ['2027-01-16T07:59:00Z', 'over at 86340000 terminate'],
  ['2027-01-16T07:59:01Z', undefined],
  ['2027-02-29T08:03:00Z', undefined],
  ['2027-01-15T08:03:00', undefined],
  ['soon', undefined],
  ['', undefined],
  [1_800_000_180_000, undefined],
  [null, undefined],
];

const IDS: readonly unknown[] = [
  undefined,
  null,
  7,
  '',
  'i-',
  'i-12345',
  'i-1234567890ABCDEF0',
  ' i-1234567890abcdef0',
  'i-1234567890abcdef0\n',
  `i-${'0'.repeat(33)}`,
  'arn:aws:ec2:us-east-1:123456789012:instance/i-1234567890abcdef0',
  ['i-1234567890abcdef0'],
];

function* all(): Generator<HeardCase> {
  for (const [action, meaning] of ACTIONS) {
    const body = fromEc2(WARNING, { 'instance-action': action });
    yield isHeardAs(body, `spot-interruption of ${MACHINE} at -60000 ${meaning}, drains`);
  }
  for (const [time, meaning] of TERMINATION_TIMES) {
    const body = fromEc2(RESERVATION, { 'instance-action': 'terminate', 'instance-termination-time': time });
    const signal = `capacity-reservation-interruption of ${MACHINE} at -60000 ${meaning}`;
    yield isHeardAs(body, meaning === undefined ? UNRECOGNISED : signal);
  }
  yield isHeardAs(
    fromEc2(RESERVATION, { 'instance-action': 'reboot' }, { resources: 'arn' }),
    `capacity-reservation-interruption of ${MACHINE} at -60000 over at 60000`,
  );
  yield isHeardAs(fromEc2(RECOMMENDATION, {}), `rebalance-recommendation of ${MACHINE} at -60000`);
  yield isHeardAs(
    fromEc2(RECOMMENDATION, { 'instance-action': 'terminate', noticeTime: '2027-01-15T08:03:00Z' }),
    `rebalance-recommendation of ${MACHINE} at -60000`,
  );
  yield isHeardAs(
    fromEc2(FULFILMENT, { 'spot-instance-request-id': 'sir-1a2b3c4d' }),
    `spot-request-fulfilment of ${MACHINE} at -60000`,
  );
  for (const id of ['i-123456', 'i-abcd1111', `i-${'0'.repeat(32)}`]) {
    const body = fromEc2(WARNING, { 'instance-id': id, 'instance-action': 'stop' });
    yield isHeardAs(body, `spot-interruption of ${id} at -60000 over at 60000 stop, drains`);
  }
  // The name in the ARN is never read, whatever is missing.
  for (const id of IDS) {
    for (const detailType of [WARNING, RECOMMENDATION, RESERVATION, FULFILMENT]) {
      const resources = [`arn:aws:ec2:us-east-1:123456789012:instance/${MACHINE}`];
      yield isHeardAs(fromEc2(detailType, { 'instance-id': id, EC2InstanceId: MACHINE }, { resources }), UNRECOGNISED);
    }
  }
}

/** What EC2's warnings about one machine are understood as (peers, C1, C2, C4 and C5). */
export const heardWarnings = heardTable({ name: 'a warning of EC2 that is heard', promise: 'N5' }, all);
