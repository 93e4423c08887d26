import { EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientSettings } from '../../lib/aws/clients.ts';
import { ec2Machines } from '../../lib/aws/machines.ts';
import { ec2FleetId, fleetName, instanceId, intentId } from '../../lib/fleet/ids.ts';
import type { Pool } from '../../lib/fleet/pool.ts';
import type { LaunchRequest, Machines } from '../../lib/ports/machines.ts';
import { ok, refusal, type Script, startEc2Endpoint } from './support/ec2-endpoint.ts';

let ec2: Awaited<ReturnType<typeof startEc2Endpoint>>;
let machines: Machines;
beforeAll(async () => {
  ec2 = await startEc2Endpoint();
  machines = ec2Machines({ client: ec2.client, launchClient: ec2.client, stackTag: 'spothop-dev' });
});
afterAll(() => ec2.stop());

const POOL_A: Pool = { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' };
const POOL_B: Pool = { instanceType: 'm7g.large', zone: 'eu-west-1b', purchase: 'spot' };

const request: LaunchRequest = {
  token: 'intent-7',
  fleet: fleetName('encode'),
  intentId: intentId('intent-7'),
  pools: [
    { pool: POOL_A, subnetId: 'subnet-a', priority: 0 },
    { pool: POOL_B, subnetId: 'subnet-b', priority: 1 },
  ],
  count: 3,
  launchTemplateId: 'lt-1',
  launchTemplateVersion: '4',
  tags: { team: 'video' },
};

const overrides = (instanceType: string, subnet: string): string =>
  `<launchTemplateAndOverrides><overrides><instanceType>${instanceType}</instanceType><subnetId>${subnet}</subnetId></overrides></launchTemplateAndOverrides>`;

const ids = (...list: string[]): string => list.map((id) => `<item>${id}</item>`).join('');

describe('a launch request', () => {
  test('is an instant fleet with the pools, the count, the price limit and the token', () => {
    expect(JSON.parse(machines.serialise(request))).toMatchObject({
      Type: 'instant',
      ClientToken: 'intent-7',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: 'lt-1', Version: '4' },
          Overrides: [
            { InstanceType: 'c7g.large', SubnetId: 'subnet-a', Priority: 0 },
            { InstanceType: 'm7g.large', SubnetId: 'subnet-b', Priority: 1 },
          ],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 3, DefaultTargetCapacityType: 'spot' },
      SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
    });
  });

  test('tags the machine, its disks and the fleet with stack, fleet and intent', () => {
    const { TagSpecifications } = JSON.parse(machines.serialise(request));
    const Tags = [
      { Key: 'team', Value: 'video' },
      { Key: 'spothop:stack', Value: 'spothop-dev' },
      { Key: 'spothop:fleet', Value: 'encode' },
      { Key: 'spothop:intent', Value: 'intent-7' },
    ];
    expect(TagSpecifications).toStrictEqual([
      { ResourceType: 'instance', Tags },
      { ResourceType: 'volume', Tags },
      { ResourceType: 'fleet', Tags },
    ]);
  });

  test('leaves the price limit to EC2: the on-demand price', () => {
    expect(machines.serialise(request)).not.toContain('MaxPrice');
  });

  test('never mixes what is bought on spot with what is bought on demand', () => {
    const mixed = { ...request.pools[1]!, pool: { ...POOL_B, purchase: 'on-demand' as const } };
    expect(() => machines.serialise({ ...request, pools: [request.pools[0]!, mixed] })).toThrow(/bought alike/);
  });
});

describe('the answer to a launch', () => {
  const launch = (script: Script) => {
    ec2.answerWith(script);
    return machines.launch(machines.serialise(request));
  };

  test('holds what came and what did not, by pool', async () => {
    const answer = await launch(() =>
      ok(
        'CreateFleet',
        `<fleetId>fleet-1</fleetId>
         <fleetInstanceSet><item>${overrides('c7g.large', 'subnet-a')}<lifecycle>spot</lifecycle><instanceType>c7g.large</instanceType>
           <instanceIds>${ids('i-0000000000000000a', 'i-0000000000000000b')}</instanceIds></item></fleetInstanceSet>
         <errorSet><item>${overrides('m7g.large', 'subnet-b')}<lifecycle>spot</lifecycle>
           <errorCode>InsufficientInstanceCapacity</errorCode><errorMessage>None left.</errorMessage></item></errorSet>`,
      ),
    );
    expect(answer).toStrictEqual({
      answered: true,
      ec2FleetId: 'fleet-1',
      machines: [
        { instanceId: 'i-0000000000000000a', pool: POOL_A },
        { instanceId: 'i-0000000000000000b', pool: POOL_A },
      ],
      refusals: [{ class: 'capacity', code: 'InsufficientInstanceCapacity', message: 'None left.', pool: POOL_B }],
    });
  });

  test('sends the stored bytes again on a retry, token and all', async () => {
    const empty: Script = () => ok('CreateFleet', '<fleetId>fleet-1</fleetId>');
    await launch(empty);
    await machines.launch(machines.serialise(request));
    const [first, second] = ec2.requests.map(String);
    expect(first).toBe(second);
    expect(ec2.requests[0]!.get('ClientToken')).toBe('intent-7');
  });

  test('a missing permission inside a 200 is a missing permission, not missing capacity', async () => {
    const answer = await launch(() =>
      ok(
        'CreateFleet',
        `<fleetId>fleet-1</fleetId><errorSet><item>${overrides('c7g.large', 'subnet-a')}<errorCode>UnauthorizedOperation</errorCode><errorMessage>iam:PassRole</errorMessage></item></errorSet>`,
      ),
    );
    expect(answer).toMatchObject({ answered: true, refusals: [{ class: 'authorisation', pool: POOL_A }] });
  });

  test('a thrown refusal is an answer without machines', async () => {
    expect(await launch(() => refusal(403, 'UnauthorizedOperation'))).toMatchObject({
      answered: true,
      ec2FleetId: undefined,
      machines: [],
      refusals: [{ class: 'authorisation', code: 'UnauthorizedOperation' }],
    });
    expect(await launch(() => refusal(400, 'MaxSpotInstanceCountExceeded'))).toMatchObject({
      refusals: [{ class: 'quota' }],
    });
    expect(await launch(() => refusal(400, 'SomethingNew'))).toMatchObject({ refusals: [{ class: 'unknown' }] });
  });

  test.each([
    ['the connection breaks', () => 'no answer'],
    ['EC2 fails', () => refusal(500, 'InternalError')],
    ['EC2 is throttling', () => refusal(503, 'RequestLimitExceeded')],
    ['the token was used for another request', () => refusal(400, 'IdempotentParameterMismatch')],
  ] as readonly [string, Script][])('when %s, the outcome is unknown', async (_when, script) => {
    expect(await launch(script)).toMatchObject({ answered: false });
  });

  test('when EC2 takes too long, the outcome is unknown', async () => {
    ec2.answerWith(() => 'silence');
    const client = new EC2Client({
      region: 'eu-west-1',
      endpoint: ec2.endpoint,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
      requestHandler: { ...clientSettings('patient').requestHandler, requestTimeout: 20 },
    });
    const impatient = ec2Machines({ client, launchClient: client, stackTag: 'spothop-dev' });
    expect(await impatient.launch(impatient.serialise(request))).toMatchObject({
      answered: false,
      code: 'ETIMEDOUT',
    });
    client.destroy();
  });

  test('a refusal after a sending that was not answered says nothing about that sending', async () => {
    const broken: Script[] = [() => 'no answer', () => refusal(403, 'UnauthorizedOperation')];
    expect(await launch((parameters) => broken.shift()!(parameters))).toMatchObject({
      answered: false,
      code: 'UnauthorizedOperation',
    });
  });
});

const instanceXml = (id: string, more: string): string =>
  `<item><instancesSet><item><instanceId>${id}</instanceId><instanceType>c7g.large</instanceType>
   <launchTime>2026-11-21T08:00:00.000Z</launchTime><placement><availabilityZone>eu-west-1a</availabilityZone></placement>${more}</item></instancesSet></item>`;

describe('describing machines', () => {
  test('reads every page, with state, purchase, tags and the reason of an end', async () => {
    ec2.answerWith((parameters) =>
      parameters.get('NextToken') === null
        ? ok(
            'DescribeInstances',
            `<reservationSet>${instanceXml('i-0000000000000000a', '<instanceState><name>running</name></instanceState><instanceLifecycle>spot</instanceLifecycle><tagSet><item><key>spothop:fleet</key><value>encode</value></item></tagSet>')}</reservationSet><nextToken>page-2</nextToken>`,
          )
        : ok(
            'DescribeInstances',
            `<reservationSet>${instanceXml('i-0000000000000000b', '<instanceState><name>terminated</name></instanceState><stateReason><code>Server.SpotInstanceTermination</code></stateReason>')}</reservationSet>`,
          ),
    );
    expect(await machines.describeFleet(fleetName('encode'))).toStrictEqual([
      {
        instanceId: 'i-0000000000000000a',
        state: 'running',
        pool: POOL_A,
        launchedAt: Date.UTC(2026, 10, 21, 8),
        tags: { 'spothop:fleet': 'encode' },
      },
      {
        instanceId: 'i-0000000000000000b',
        state: 'terminated',
        pool: { ...POOL_A, purchase: 'on-demand' },
        launchedAt: Date.UTC(2026, 10, 21, 8),
        tags: {},
        stateReasonCode: 'Server.SpotInstanceTermination',
      },
    ]);
    const [first] = ec2.requests;
    expect(first!.get('Filter.1.Name')).toBe('tag:spothop:stack');
    expect(first!.get('Filter.1.Value.1')).toBe('spothop-dev');
    expect(first!.get('Filter.2.Name')).toBe('tag:spothop:fleet');
    expect(first!.get('Filter.2.Value.1')).toBe('encode');
  });

  test('are asked for by id, so that what is missing in the answer is what EC2 does not know', async () => {
    const known = ['i-0000000000000000a', 'i-0000000000000000c'];
    const shown = (id: string): string =>
      `<item><instancesSet><item><instanceId>${id}</instanceId><instanceState><name>running</name></instanceState>
       <instanceType>c7g.large</instanceType><launchTime>2026-11-21T08:00:00Z</launchTime></item></instancesSet></item>`;
    ec2.answerWith((parameters) => {
      const asked = [...parameters].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id);
      expect([...parameters.keys()].filter((name) => /^(?:Filter|MaxResults)/.test(name))).toStrictEqual([]);
      return asked.every((id) => known.includes(id))
        ? ok('DescribeInstances', `<reservationSet>${asked.map(shown).join('')}</reservationSet>`)
        : refusal(400, 'InvalidInstanceID.NotFound');
    });
    const asked = ['a', 'b', 'c'].map((digit) => instanceId(`i-0000000000000000${digit}`));
    expect((await machines.describe(asked)).map((machine) => machine.instanceId)).toStrictEqual(known);
  });

  test('that cannot be asked for are not called unknown', async () => {
    ec2.answerWith(() => refusal(403, 'UnauthorizedOperation'));
    await expect(machines.describe([instanceId('i-0000000000000000a')])).rejects.toThrow();
  });

  test('the token of an EC2 fleet is asked for by the fleet’s id', async () => {
    ec2.answerWith(() =>
      ok(
        'DescribeFleets',
        '<fleetSet><item><fleetId>fleet-1</fleetId><clientToken>intent-7</clientToken></item></fleetSet>',
      ),
    );
    expect(await machines.tokenOf(ec2FleetId('fleet-1'))).toBe('intent-7');
    expect(ec2.requests[0]!.get('FleetId.1')).toBe('fleet-1');
    ec2.answerWith(() => refusal(400, 'InvalidFleetId.NotFound'));
    expect(await machines.tokenOf(ec2FleetId('fleet-2'))).toBeUndefined();
  });
});

describe('ending machines', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, number) => instanceId(`i-${number.toString(16).padStart(17, '0')}`));
  const asked = (parameters: URLSearchParams): string[] =>
    [...parameters].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id);
  const ending = (list: readonly string[]) =>
    ok(
      'TerminateInstances',
      `<instancesSet>${list.map((id) => `<item><instanceId>${id}</instanceId></item>`).join('')}</instancesSet>`,
    );

  test('one id that EC2 does not know does not save the others of its batch (F92)', async () => {
    const list = many(10);
    const unknown = [list[3]!, list[7]!];
    ec2.answerWith((parameters) =>
      asked(parameters).some((id) => unknown.some((bad) => bad === id))
        ? refusal(400, 'InvalidInstanceID.NotFound')
        : ending(asked(parameters)),
    );
    const outcome = await machines.terminate(list);
    expect([...outcome.ended].sort()).toStrictEqual(list.filter((id) => !unknown.includes(id)));
    expect(outcome.notFound).toStrictEqual(unknown);
    expect(outcome.refused).toStrictEqual([]);
  });

  test('a machine under termination protection is reported, and the others are ended', async () => {
    const list = many(3);
    ec2.answerWith((parameters) =>
      asked(parameters).includes(list[1]!) ? refusal(400, 'OperationNotPermitted') : ending(asked(parameters)),
    );
    expect(await machines.terminate(list)).toStrictEqual({
      ended: [list[0], list[2]],
      notFound: [],
      refused: [{ instanceId: list[1], code: 'OperationNotPermitted' }],
    });
  });

  test('a role that may end nothing is refused once for each hundred, not once for each machine', async () => {
    ec2.answerWith(() => refusal(403, 'UnauthorizedOperation'));
    expect((await machines.terminate(many(150))).refused).toHaveLength(150);
    expect(ec2.requests).toHaveLength(2);
  });

  test('nothing to end is not asked for', async () => {
    ec2.answerWith(() => refusal(400, 'MissingParameter'));
    expect(await machines.terminate([])).toStrictEqual({ ended: [], notFound: [], refused: [] });
    expect(ec2.requests).toHaveLength(0);
  });
});
