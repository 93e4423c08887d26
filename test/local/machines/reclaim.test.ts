import { CreateFleetCommand, DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, test } from 'vitest';
import { epochMs } from '../../../lib/fleet/time.ts';
import type { ProcessEnd, ProcessHost, ProcessSpecification } from '../../../lib/local/machines/processes.ts';
import { createMarket } from '../../../lib/market/market.ts';
import type { MarketScript } from '../../../lib/market/script.ts';
import { exampleMarket, type MarketSettings } from '../../../lib/market/settings.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { type Ec2Cloud, type Ec2CloudOptions, openEc2Cloud } from '../ec2/ec2-cloud.ts';

const START = Date.UTC(2026, 0, 5);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

interface ScriptedProcess {
  readonly specification: ProcessSpecification;
  readonly signals: { readonly at: number; readonly signal: string }[];
  exit(code: number): void;
}

/** Processes that note what they are sent; SIGTERM ends them only when `obedient`. */
const watchedProcesses = (now: () => number, obedient: boolean) => {
  const started: ScriptedProcess[] = [];
  const host: ProcessHost = {
    start: (specification) => {
      const ended = Promise.withResolvers<ProcessEnd>();
      const signals: { at: number; signal: string }[] = [];
      let isOver = false;
      const receive = (signal: string, ends: boolean) => {
        if (isOver) return;
        signals.push({ at: now() - START, signal });
        if (ends) finish({ code: null, signal });
      };
      const finish = (end: ProcessEnd) => {
        isOver = true;
        ended.resolve(end);
      };
      started.push({ specification, signals, exit: (code) => finish({ code, signal: null }) });
      return {
        pid: started.length,
        ended: ended.promise,
        terminate: () => receive('SIGTERM', obedient),
        kill: () => receive('SIGKILL', true),
      };
    },
    close: async () => undefined,
  };
  return { host, started };
};

let cloud: Ec2Cloud | undefined;
afterEach(() => cloud?.close());

const open = async (options: Partial<Ec2CloudOptions> = {}, obedient = true) => {
  const clock = manualClock(START);
  const processes = watchedProcesses(() => clock.now(), obedient);
  const opened = await openEc2Cloud({ clock, processes: processes.host, ...options });
  cloud = opened;
  const template = await opened.makeTemplate();
  const launch = async (count: number, kind: 'spot' | 'on-demand' = 'spot'): Promise<readonly string[]> => {
    const answer = await opened.client.send(
      new CreateFleetCommand({
        Type: 'instant',
        LaunchTemplateConfigs: [
          {
            LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
            Overrides: [{ InstanceType: 'c5.large', AvailabilityZone: 'us-east-1a' }],
          },
        ],
        TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: kind },
      }),
    );
    return (answer.Instances ?? []).flatMap((group) => group.InstanceIds!);
  };
  const eventsOf = (instanceId: string) =>
    opened.events
      .filter((event) => JSON.stringify(event).includes(instanceId))
      .map((event) => `${event['detail-type']}${event.detail['state'] ? `: ${event.detail['state']}` : ''}`);
  const stateOf = async (instanceId: string) => {
    const answer = await opened.client.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    const instance = answer.Reservations![0]!.Instances![0]!;
    return { state: instance.State!.Name, reason: instance.StateReason?.Code };
  };
  return { clock, cloud: opened, launch, eventsOf, stateOf, started: processes.started };
};

const warnOldest: MarketScript = [{ afterMs: 3 * MINUTE, happening: 'warn', target: 'oldest spot machine' }];

describe('a spot machine that EC2 takes back', () => {
  test('is warned two minutes ahead, told to end, and gone with EC2 named as the one who ended it', async () => {
    const { clock, cloud, launch, eventsOf, stateOf, started } = await open({ script: warnOldest });
    const [id] = await launch(1);
    await clock.advance(3 * MINUTE);
    expect(cloud.part.runningMachines()).toMatchObject([{ state: 'running', deadlineAt: START + 5 * MINUTE }]);
    await clock.advance(119_999);
    expect((await stateOf(id!)).state).toBe('running');
    await clock.advance(1);
    await clock.advance(3_000);
    expect(started[0]!.signals).toEqual([{ at: 5 * MINUTE, signal: 'SIGTERM' }]);
    expect(await stateOf(id!)).toEqual({ state: 'terminated', reason: 'Server.SpotInstanceTermination' });
    expect(eventsOf(id!)).toEqual([
      'EC2 Instance State-change Notification: pending',
      'EC2 Spot Instance Request Fulfillment',
      'EC2 Instance State-change Notification: running',
      'EC2 Spot Instance Interruption Warning',
      'EC2 Instance State-change Notification: shutting-down',
      'EC2 Instance State-change Notification: terminated',
      'AWS Service Event via CloudTrail',
    ]);
    expect(cloud.events.find((event) => event['detail-type'].includes('Warning'))).toEqual({
      source: 'aws.ec2',
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      resources: [`arn:aws:ec2:us-east-1:000000000000:instance/${id}`],
      detail: { 'instance-id': id, 'instance-action': 'terminate' },
    });
  });

  test('that does not end when told is killed two seconds later', async () => {
    const { clock, launch, started } = await open({ script: warnOldest }, false);
    await launch(1);
    await clock.advance(6 * MINUTE);
    expect(started[0]!.signals).toEqual([
      { at: 5 * MINUTE, signal: 'SIGTERM' },
      { at: 5 * MINUTE + 2_000, signal: 'SIGKILL' },
    ]);
  });

  test('without warning is killed at once, and only then changes state', async () => {
    const script: MarketScript = [
      { afterMs: 3 * MINUTE, happening: 'kill-without-warning', target: 'oldest spot machine' },
    ];
    const { clock, cloud, launch, eventsOf, started } = await open({ script });
    const [id] = await launch(1);
    await clock.advance(4 * MINUTE);
    expect(started[0]!.signals).toEqual([{ at: 3 * MINUTE, signal: 'SIGKILL' }]);
    expect(eventsOf(id!)).not.toContain('EC2 Spot Instance Interruption Warning');
    expect(eventsOf(id!).at(-1)).toBe('AWS Service Event via CloudTrail');
    expect(cloud.lines('machine', 'kill')).toMatchObject([{ instanceId: id, by: 'ec2', scripted: true }]);
    expect(cloud.lines('machine', 'end')).toMatchObject([{ by: 'ec2', cause: 'spot-kill' }]);
  });
});

describe('a machine that we or it itself end', () => {
  test('is told to end, and no eviction is announced', async () => {
    const { clock, cloud, launch, eventsOf, stateOf, started } = await open();
    const [id] = await launch(1, 'on-demand');
    await clock.advance(MINUTE);
    await cloud.client.send(new TerminateInstancesCommand({ InstanceIds: [id!] }));
    await clock.advance(1);
    expect(started[0]!.signals).toEqual([{ at: MINUTE, signal: 'SIGTERM' }]);
    expect(await stateOf(id!)).toEqual({ state: 'terminated', reason: 'Client.UserInitiatedShutdown' });
    expect(eventsOf(id!)).not.toContain('AWS Service Event via CloudTrail');
    expect(eventsOf(id!)).not.toContain('EC2 Spot Instance Request Fulfillment');
  });

  test('ends by itself when its agent ends without a fault', async () => {
    const { clock, cloud, launch, stateOf, started } = await open();
    const [id] = await launch(1);
    await clock.advance(MINUTE);
    started[0]!.exit(0);
    await clock.advance(1);
    expect(await stateOf(id!)).toEqual({ state: 'terminated', reason: 'Client.InstanceInitiatedShutdown' });
    expect(cloud.lines('machine', 'end')).toMatchObject([{ by: 'self', cause: 'self' }]);
    expect(cloud.lines('process-end')).toMatchObject([{ code: 0, signal: null }]);
  });

  test('powers itself off a quarter of an hour after its agent died', async () => {
    const { clock, launch, stateOf, started } = await open();
    const [id] = await launch(1);
    await clock.advance(MINUTE);
    started[0]!.exit(1);
    await clock.advance(15 * MINUTE - 1);
    expect((await stateOf(id!)).state).toBe('running');
    await clock.advance(1);
    expect(await stateOf(id!)).toEqual({ state: 'terminated', reason: 'Client.InstanceInitiatedShutdown' });
  });

  test('never starts an agent when it ends while it boots', async () => {
    const { clock, cloud, launch, started } = await open();
    const [id] = await launch(1);
    await clock.advance(5_000);
    await cloud.client.send(new TerminateInstancesCommand({ InstanceIds: [id!] }));
    await clock.advance(HOUR / 2);
    expect(started).toEqual([]);
    expect(cloud.lines('machine').map((line) => line['what'])).toEqual(['launch', 'end']);
  });

  test('that ends while its agent is being fetched waits for the fetch, and then starts nothing', async () => {
    const fetched = Promise.withResolvers<string>();
    const { clock, cloud, launch, stateOf, started } = await open({ fetchProgram: () => fetched.promise });
    const [id] = await launch(1);
    await clock.advance(MINUTE);
    await cloud.client.send(new TerminateInstancesCommand({ InstanceIds: [id!] }));
    await clock.advance(MINUTE);
    expect((await stateOf(id!)).state).toBe('shutting-down');
    fetched.resolve('/agent.mjs');
    await clock.advance(1);
    expect((await stateOf(id!)).state).toBe('terminated');
    expect(started).toEqual([]);
  });

  test('loses its credentials', async () => {
    const { clock, cloud, launch, started } = await open();
    const [id] = await launch(1);
    await clock.advance(MINUTE);
    const endpoint = started[0]!.specification.environment['AWS_EC2_METADATA_SERVICE_ENDPOINT']!;
    const token = await (
      await fetch(`${endpoint}/latest/api/token`, {
        method: 'PUT',
        headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '60' },
      })
    ).text();
    const path = '/latest/meta-data/iam/security-credentials/MachineRole';
    const answer = await fetch(endpoint + path, { headers: { 'x-aws-ec2-metadata-token': token } });
    const { AccessKeyId } = (await answer.json()) as { AccessKeyId: string };
    expect(cloud.isKeyKnown(AccessKeyId)).toBe(true);
    await cloud.client.send(new TerminateInstancesCommand({ InstanceIds: [id!] }));
    await clock.advance(10_000);
    expect(cloud.isKeyKnown(AccessKeyId)).toBe(false);
    await expect(fetch(endpoint)).rejects.toThrow();
  });

  test('boots within 20 to 45 seconds, with the environment of its user data and none of ours', async () => {
    const { clock, launch, started, cloud } = await open();
    await launch(3);
    await clock.advance(19_999);
    expect(started).toEqual([]);
    await clock.advance(25_001);
    expect(started).toHaveLength(3);
    const { environment, arguments: given, executable } = started[0]!.specification;
    expect(executable).toBe(process.execPath);
    expect(given).toEqual([`${cloud.stateFolder}/agent.mjs`]);
    expect(Object.keys(environment).sort()).toEqual([
      'AWS_EC2_METADATA_SERVICE_ENDPOINT',
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
      'HOME',
      'PATH',
      'SPOTHOP_AGENT_FUNCTION',
      'SPOTHOP_AGENT_SHA256',
      'SPOTHOP_ALIVE_FILE',
      'SPOTHOP_FLEET',
      'SPOTHOP_STATE_DIR',
      'SPOTHOP_TIME_FACTOR',
      'SPOTHOP_TIME_ORIGIN_MS',
    ]);
    expect(environment['SPOTHOP_FLEET']).toBe('demo = "quoted"');
    expect(environment['HOME']).not.toBe(process.env['HOME']);
  });

  test('records why it could not boot, and does not run for ever', async () => {
    const { clock, cloud, launch } = await open({
      fetchProgram: async ({ functionName }) => {
        throw new Error(`no function ${functionName}`);
      },
    });
    await launch(1);
    await clock.advance(20 * MINUTE);
    expect(cloud.lines('machine', 'boot-failed')).toMatchObject([{ why: 'no function spothop-agent' }]);
    expect(cloud.lines('machine', 'end')).toMatchObject([{ by: 'self' }]);
  });
});

describe('a script', () => {
  test('takes all spot machines and all capacity with "no-spot", and gives capacity back', async () => {
    const script: MarketScript = [{ afterMs: 2 * MINUTE, happening: 'no-spot', durationMs: 10 * MINUTE }];
    const { clock, cloud, launch } = await open({ script });
    await launch(3);
    await launch(1, 'on-demand');
    await clock.advance(2 * MINUTE + 1);
    expect(await launch(1)).toEqual([]);
    expect(cloud.lines('machine', 'notice')).toHaveLength(3);
    await clock.advance(3 * MINUTE);
    expect(cloud.part.runningMachines().map((machine) => machine.purchase)).toEqual(['on-demand']);
    await clock.advance(8 * MINUTE);
    expect(await launch(1)).toHaveLength(1);
    expect(cloud.part.marketSummary()).toMatchObject({
      seed: 7,
      launches: { spot: 4, 'on-demand': 1 },
      notices: 3,
      reclaims: 3,
      killsWithoutWarning: 0,
      scripted: [
        'scripted, after 2 min 0 s: no spot capacity in any pool for 10 min 0 s; every spot machine is reclaimed with a notice',
      ],
    });
  });

  test('waits for a machine that holds work', async () => {
    const working = new Set<string>();
    const { clock, cloud, launch } = await open({
      script: [{ afterMs: MINUTE, happening: 'rebalance', target: 'oldest spot machine that holds work' }],
      holdsWork: async (instanceId) => working.has(instanceId),
    });
    const [, second] = await launch(2);
    await clock.advance(2 * MINUTE);
    expect(cloud.lines('scripted')).toEqual([]);
    working.add(second!);
    await clock.advance(2_000);
    expect(cloud.lines('scripted')).toMatchObject([{ what: 'rebalance', instanceIds: [second] }]);
    expect(cloud.lines('machine', 'rebalance')).toMatchObject([{ instanceId: second, by: 'ec2', scripted: true }]);
  });

  test('that needs to know who holds work is refused when nobody can tell', async () => {
    const { cloud } = await open();
    await expect(
      cloud.part.applyScript([{ afterMs: 0, happening: 'warn', target: 'oldest spot machine that holds work' }]),
    ).rejects.toThrow('holdsWork');
  });

  test('gives a machine that was warned already no second notice', async () => {
    const { clock, cloud, launch } = await open({ script: [...warnOldest] });
    await launch(1);
    await clock.advance(3 * MINUTE + 1);
    void cloud.part.applyScript([{ afterMs: 0, happening: 'no-spot', durationMs: MINUTE }]);
    await clock.advance(3 * MINUTE);
    expect(cloud.lines('machine', 'notice')).toHaveLength(1);
    expect(cloud.lines('machine', 'reclaim')).toMatchObject([{ at: START + 5 * MINUTE }]);
  });
});

test('machines meet the fate that the market has for them, and the record tells all of it', async () => {
  const market: MarketSettings = exampleMarket(21, epochMs(START), {
    restlessness: 2,
    poolMachines: { least: 12, most: 12 },
    shareWithoutWarning: 0.3,
  });
  const { clock, cloud, launch } = await open({ market });
  await launch(10);
  const expected = Array.from({ length: 10 }, (_, index) =>
    createMarket(market).fate({ instanceType: 'c5.large', zone: 'us-east-1a' }, index + 1, epochMs(START)),
  );
  await clock.advance(12 * HOUR);
  const takenAt = [...cloud.lines('machine', 'reclaim'), ...cloud.lines('machine', 'kill')].map(
    (line) => line.at as number,
  );
  const due = expected.map((fate) => fate!.reclaimAt as number).filter((at) => at <= START + 12 * HOUR);
  expect(takenAt.sort()).toEqual(due.sort());
  expect(cloud.lines('machine', 'notice')).toHaveLength(
    expected.filter((fate) => fate!.noticeAt !== undefined && fate!.noticeAt <= START + 12 * HOUR).length,
  );
  const prices = cloud.lines('price').filter((line) => line['pool'] === 'c5.large/us-east-1a/spot');
  const changes = createMarket(market).priceChanges(
    { instanceType: 'c5.large', zone: 'us-east-1a' },
    epochMs(START),
    epochMs(START + 12 * HOUR),
  );
  expect(prices.map((line) => line['microUsdPerHour'])).toEqual(changes.map((change) => change.microUsdPerHour));
});
