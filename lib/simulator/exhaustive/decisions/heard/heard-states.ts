import { eventBody, type HeardCase, heardTable, isHeardAs, MACHINE, NOTHING, UNRECOGNISED } from './event-heard.ts';

const STATES: readonly (readonly [state: unknown, meaning: string])[] = [
  ['pending', NOTHING],
  ['running', `state-running of ${MACHINE} at -60000`],
  ['stopping', `state-stopping of ${MACHINE} at -60000, drains`],
  ['stopped', `state-stopped of ${MACHINE} at -60000, drains`],
  ['shutting-down', `state-shutting-down of ${MACHINE} at -60000, drains`],
  ['terminated', `state-terminated of ${MACHINE} at -60000, drains`],
  // A part of a state's name is none.
  ['stop', UNRECOGNISED],
  ['', UNRECOGNISED],
  ['Stopped', UNRECOGNISED],
  ['stopped ', UNRECOGNISED],
  ['rebooting', UNRECOGNISED],
  ['constructor', UNRECOGNISED],
  [['stopped'], UNRECOGNISED],
  [16, UNRECOGNISED],
  [null, UNRECOGNISED],
  [undefined, UNRECOGNISED],
];

const evictionOf = (instanceId: string): string => `bid-evicted of ${instanceId} at -60000, drains`;

const manyIds = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `i-${String(index).padStart(17, '0')}`);

const SETS: readonly (readonly [ids: unknown, meaning: string])[] = [
  [[MACHINE], evictionOf(MACHINE)],
  [[MACHINE, 'i-abcd1111'], `${evictionOf(MACHINE)}; ${evictionOf('i-abcd1111')}`],
  [[MACHINE, 'i-abcd1111', MACHINE], `${evictionOf(MACHINE)}; ${evictionOf('i-abcd1111')}`],
  [manyIds(500), manyIds(16).map(evictionOf).join('; ')],
  [manyIds(501), UNRECOGNISED],
  [[], UNRECOGNISED],
  [[MACHINE, 'i-'], UNRECOGNISED],
  [['sir-1a2b3c4d'], UNRECOGNISED],
  [[null, MACHINE], UNRECOGNISED],
  [MACHINE, UNRECOGNISED],
  [{ 0: MACHINE, length: 1 }, UNRECOGNISED],
  [undefined, UNRECOGNISED],
];

const fromCloudTrail = (detail: object): string =>
  eventBody('aws.ec2', 'AWS Service Event via CloudTrail', {
    eventSource: 'ec2.amazonaws.com',
    eventName: 'BidEvictedEvent',
    eventType: 'AwsServiceEvent',
    ...detail,
  });

function* all(): Generator<HeardCase> {
  const detailType = 'EC2 Instance State-change Notification';
  for (const [state, meaning] of STATES) {
    const detail = { 'instance-id': MACHINE, state };
    yield isHeardAs(eventBody('aws.ec2', detailType, detail), meaning);
    // AWS's own example has no version.
    yield isHeardAs(eventBody('aws.ec2', detailType, detail, { version: undefined }), meaning);
  }
  yield isHeardAs(eventBody('aws.ec2', detailType, { state: 'stopped' }), UNRECOGNISED);
  yield isHeardAs(eventBody('aws.ec2', detailType, { state: 'stopped', EC2InstanceId: MACHINE }), UNRECOGNISED);
  for (const [instanceIdSet, meaning] of SETS) {
    yield isHeardAs(fromCloudTrail({ serviceEventDetails: { instanceIdSet } }), meaning);
  }
  yield isHeardAs(fromCloudTrail({ serviceEventDetails: [MACHINE] }), UNRECOGNISED);
  yield isHeardAs(fromCloudTrail({ serviceEventDetails: null }), UNRECOGNISED);
  yield isHeardAs(fromCloudTrail({ instanceIdSet: [MACHINE] }), UNRECOGNISED);
  for (const eventName of ['TerminateInstances', 'bidEvictedEvent', '', undefined]) {
    yield isHeardAs(fromCloudTrail({ eventName, serviceEventDetails: { instanceIdSet: [MACHINE] } }), NOTHING);
  }
}

/** What a change of state is understood as, and CloudTrail's proof that EC2 took machines (peers, C3 and C10). */
export const heardStates = heardTable({ name: 'a state or an eviction that is heard', promise: 'N5' }, all);
