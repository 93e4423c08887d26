import { describe, expect, it } from 'vitest';
import { changed, fixture, parseIn } from './support.ts';

const NEW_YEAR = Date.UTC(2026, 0, 1);
const ID = 'i-1234567890abcdef0';

const ENDING = {
  lifecycleAction: {
    autoScalingGroup: 'my-asg',
    hook: 'my-lifecycle-hook',
    token: '87654321-4321-4321-4321-210987654321',
  },
};

const FIXTURES: readonly [fixture: string, region: string, expected: unknown][] = [
  [
    'spot-interruption',
    'us-east-2',
    {
      kind: 'signals',
      name: 'EC2 Spot Instance Interruption Warning',
      eventId: '12345678-1234-1234-1234-123456789012',
      signals: [
        { kind: 'spot-interruption', instanceId: ID, at: NEW_YEAR, deadline: NEW_YEAR + 120_000, action: 'terminate' },
      ],
    },
  ],
  [
    'spot-interruption-hibernate',
    'us-east-2',
    {
      kind: 'signals',
      name: 'EC2 Spot Instance Interruption Warning',
      eventId: '1e5527d7-bb36-4607-3370-4164db56a40e',
      signals: [{ kind: 'spot-interruption', instanceId: ID, at: NEW_YEAR, deadline: NEW_YEAR, action: 'hibernate' }],
    },
  ],
  [
    'rebalance-recommendation',
    'us-east-2',
    {
      kind: 'signals',
      name: 'EC2 Instance Rebalance Recommendation',
      eventId: '5d5555d5-dd55-5555-5555-5555dd55d55d',
      signals: [{ kind: 'rebalance-recommendation', instanceId: ID, at: NEW_YEAR }],
    },
  ],
  [
    'state-change-stopping',
    'us-east-1',
    {
      kind: 'signals',
      name: 'EC2 Instance State-change Notification',
      eventId: '7bf73129-1428-4cd3-a780-95db273d1602',
      signals: [{ kind: 'state-stopping', instanceId: 'i-abcd1111', at: Date.UTC(2021, 10, 11, 21, 29, 54) }],
    },
  ],
  [
    'state-change-pending',
    'us-east-1',
    {
      kind: 'ignored',
      name: 'EC2 Instance State-change Notification',
      because: 'a pending machine is known from its launch',
    },
  ],
  [
    'spot-request-fulfilment',
    'us-east-2',
    {
      kind: 'signals',
      name: 'EC2 Spot Instance Request Fulfillment',
      eventId: '01234567-1234-0123-1234-012345678901',
      signals: [{ kind: 'spot-request-fulfilment', instanceId: ID, at: NEW_YEAR }],
    },
  ],
  [
    'capacity-reservation-interruption',
    'us-east-1',
    {
      kind: 'signals',
      name: 'EC2 Capacity Reservation Instance Interruption Warning',
      eventId: '12345678-1234-1234-1234-123456789012',
      signals: [
        {
          kind: 'capacity-reservation-interruption',
          instanceId: ID,
          at: NEW_YEAR,
          deadline: NEW_YEAR + 180_000,
          action: 'terminate',
        },
      ],
    },
  ],
  [
    'bid-evicted',
    'us-east-1',
    {
      kind: 'signals',
      name: 'AWS Service Event via CloudTrail',
      eventId: '3e9c1a52-0a8b-4f6a-9d53-7f3a1b2c4d5e',
      signals: [
        { kind: 'bid-evicted', instanceId: ID, at: NEW_YEAR },
        { kind: 'bid-evicted', instanceId: 'i-abcd1111', at: NEW_YEAR },
      ],
    },
  ],
  [
    'lifecycle-terminating',
    'us-west-2',
    {
      kind: 'signals',
      name: 'EC2 Instance-terminate Lifecycle Action',
      eventId: '782d5b4c-0f6f-1fd6-9d62-ecf6aed0a470',
      signals: [{ kind: 'lifecycle-terminating', instanceId: ID, at: NEW_YEAR, ...ENDING }],
    },
  ],
  [
    'lifecycle-launching',
    'us-west-2',
    {
      kind: 'signals',
      name: 'EC2 Instance-launch Lifecycle Action',
      eventId: '782d5b4c-0f6f-1fd6-9d62-ecf6aed0a470',
      signals: [{ kind: 'lifecycle-launching', instanceId: ID, at: NEW_YEAR }],
    },
  ],
  [
    'lifecycle-terminating-bare',
    'us-west-2',
    {
      kind: 'signals',
      name: 'EC2 Instance-terminate Lifecycle Action',
      signals: [{ kind: 'lifecycle-terminating', instanceId: ID, at: NEW_YEAR + 872, ...ENDING }],
    },
  ],
  [
    'lifecycle-terminating-sns',
    'us-west-2',
    {
      kind: 'signals',
      name: 'EC2 Instance-terminate Lifecycle Action',
      signals: [{ kind: 'lifecycle-terminating', instanceId: ID, at: NEW_YEAR + 872, ...ENDING }],
    },
  ],
  [
    'lifecycle-test-notification',
    'us-west-2',
    { kind: 'ignored', name: 'EC2 Instance-terminate Lifecycle Action', because: 'a test notification' },
  ],
];

describe('what AWS tells us', () => {
  it.each(FIXTURES)('%s is read for what it says', (name, region, expected) => {
    expect(parseIn(region, fixture(name))).toEqual(expected);
  });

  it.each([
    ['running', 'state-running'],
    ['stopping', 'state-stopping'],
    ['stopped', 'state-stopped'],
    ['shutting-down', 'state-shutting-down'],
    ['terminated', 'state-terminated'],
  ])('a machine that is %s gives %s', (state, kind) => {
    const parsed = parseIn('us-east-1', changed('state-change-stopping', {}, { state }));
    expect(parsed).toMatchObject({ kind: 'signals', signals: [{ kind, instanceId: 'i-abcd1111' }] });
  });

  it.each(['', 'stop', 'stopping,stopped', 'Stopping', 'constructor', null, ['stopping'], { state: 'stopping' }])(
    'a state is one of a set, so %j is not recognised',
    (state) => {
      const parsed = parseIn('us-east-1', changed('state-change-stopping', {}, { state }));
      expect(parsed).toMatchObject({ kind: 'unrecognised' });
    },
  );

  it('an action that is new to us still announces an end after two minutes', () => {
    const parsed = parseIn('us-east-2', changed('spot-interruption', {}, { 'instance-action': 'teleport' }));
    expect(parsed).toMatchObject({
      signals: [{ kind: 'spot-interruption', instanceId: ID, at: NEW_YEAR, deadline: NEW_YEAR + 120_000 }],
    });
    expect(parsed).not.toHaveProperty('signals[0].action');
  });

  it('a capacity warning without its own deadline gets the usual two minutes, a broken one is not recognised', () => {
    const warning = (time: unknown) =>
      parseIn('us-east-1', changed('capacity-reservation-interruption', {}, { 'instance-termination-time': time }));
    expect(warning(undefined)).toMatchObject({ signals: [{ deadline: NEW_YEAR + 120_000 }] });
    expect(warning('soon')).toMatchObject({ kind: 'unrecognised' });
    expect(warning('2026-01-09T00:00:00Z')).toMatchObject({ kind: 'unrecognised' });
  });

  it('a CloudTrail service event of another name is nothing to act on', () => {
    const parsed = parseIn('us-east-1', changed('bid-evicted', {}, { eventName: 'SharedSnapshotVolumeCreated' }));
    expect(parsed).toMatchObject({ kind: 'ignored' });
  });

  it('a machine named twice in one event is one signal', () => {
    const serviceEventDetails = { instanceIdSet: [ID, 'i-abcd1111', ID] };
    const parsed = parseIn('us-east-1', changed('bid-evicted', {}, { serviceEventDetails }));
    expect(parsed.kind === 'signals' && parsed.signals.map(({ instanceId }) => instanceId)).toEqual([ID, 'i-abcd1111']);
  });

  it.each([[[]], [['i-1234567890abcdef0', 'i-nope']], ['i-1234567890abcdef0'], [Array(501).fill(ID)]])(
    'an eviction that names no, false or too many machines is not recognised',
    (instanceIdSet) => {
      const parsed = parseIn('us-east-1', changed('bid-evicted', {}, { serviceEventDetails: { instanceIdSet } }));
      expect(parsed).toMatchObject({ kind: 'unrecognised' });
    },
  );
});

describe('lifecycle hooks', () => {
  it('a hook whose transition contradicts its detail-type is not recognised', () => {
    const LifecycleTransition = 'autoscaling:EC2_INSTANCE_LAUNCHING';
    const parsed = parseIn('us-west-2', changed('lifecycle-terminating', {}, { LifecycleTransition }));
    expect(parsed).toMatchObject({ kind: 'unrecognised' });
  });

  it('a test notification is nothing to act on, in an envelope, bare or by hand', () => {
    const test = 'autoscaling:TEST_NOTIFICATION';
    const enveloped = changed('lifecycle-terminating', {}, { Event: test, LifecycleTransition: test });
    for (const body of [enveloped, JSON.stringify({ Event: test, AutoScalingGroupName: 'my-asg' })]) {
      expect(parseIn('us-west-2', body)).toMatchObject({ kind: 'ignored', because: 'a test notification' });
    }
  });

  it('a bare hook may leave out its account, and is refused when it names another', () => {
    const bare = JSON.parse(fixture('lifecycle-terminating-bare'));
    expect(parseIn('us-west-2', JSON.stringify({ ...bare, AccountId: undefined }))).toMatchObject({ kind: 'signals' });
    expect(parseIn('us-west-2', JSON.stringify({ ...bare, AccountId: '210987654321' }))).toMatchObject({
      kind: 'refused',
    });
  });

  it.each([
    ['no token', { LifecycleActionToken: undefined }],
    ['a hook that is no text', { LifecycleHookName: 7 }],
    ['a group of several lines', { AutoScalingGroupName: 'my\nasg' }],
    ['a name without an end', { LifecycleHookName: 'x'.repeat(256) }],
  ])('one with %s ends its machine, and names no action', (_what, detail) => {
    const parsed = parseIn('us-west-2', changed('lifecycle-terminating', {}, detail));
    expect(parsed).toMatchObject({
      signals: [{ kind: 'lifecycle-terminating', instanceId: ID, at: NEW_YEAR }],
    });
    expect(JSON.stringify(parsed)).not.toContain('lifecycleAction');
  });

  it('SNS is unwrapped once, whatever it carries', () => {
    const wrap = (message: string) => JSON.stringify({ Type: 'Notification', Message: message });
    const once = wrap(fixture('spot-interruption'));
    expect(parseIn('us-east-2', once)).toMatchObject({ kind: 'signals', signals: [{ instanceId: ID }] });
    expect(parseIn('us-east-2', wrap(once))).toMatchObject({ kind: 'unrecognised' });
  });
});
