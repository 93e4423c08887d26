import { CreateFleetCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localSubnetId } from '../../lib/local/ec2/network.ts';
import { type Ec2Cloud, openEc2Cloud } from '../local/ec2/ec2-cloud.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { run, type Transcript } from './support.ts';

const BOOTED_MS = 120_000;

let clock: ManualClock;
let cloud: Ec2Cloud;

const launch = async (purchase: 'spot' | 'on-demand'): Promise<string> => {
  const made = await cloud.client.send(
    new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: await cloud.makeTemplate(), Version: '1' },
          Overrides: [{ InstanceType: 'c5.large', SubnetId: localSubnetId(0) }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: purchase },
    }),
  );
  return made.Instances?.[0]?.InstanceIds?.[0] ?? '';
};

const interrupt = async (...words: readonly string[]): Promise<Transcript> => {
  const { accessKeyId } = await cloud.client.config.credentials();
  const environment = { AWS_ENDPOINT_URL: await endpoint(), AWS_ACCESS_KEY_ID: accessKeyId };
  return run(['local', 'interrupt', ...words], {}, undefined, {}, { environment });
};

const endpoint = async (): Promise<string> => {
  const { hostname, port } = (await cloud.client.config.endpoint?.()) ?? { hostname: '', port: 0 };
  return `http://${hostname}:${port}`;
};

beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 0, 5));
  cloud = await openEc2Cloud({ clock });
});
afterEach(() => cloud.close());

describe('spothop local interrupt', () => {
  it('gives a spot machine its notice, once, and EC2 takes it two minutes later', async () => {
    const spot = await launch('spot');
    await clock.advance(BOOTED_MS);
    expect(await interrupt(spot)).toMatchObject({ code: 0, stderr: '' });
    expect(cloud.lines('machine', 'notice')).toMatchObject([{ instanceId: spot, scripted: true }]);
    expect(await interrupt(spot)).toMatchObject({ code: 1, stdout: `${spot}: it has its notice already\n` });
    await clock.advance(119_000);
    expect(cloud.lines('machine', 'reclaim')).toEqual([]);
    await clock.advance(1_000);
    expect(cloud.lines('machine', 'reclaim')).toMatchObject([{ instanceId: spot }]);
  });

  it('takes every spot machine and none that is on demand with --all', async () => {
    const spot = [await launch('spot'), await launch('spot')];
    const onDemand = await launch('on-demand');
    await clock.advance(BOOTED_MS);
    const done = await interrupt('--all', '--without-warning', '--json');
    expect(done.code).toBe(0);
    expect(
      done.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(spot.map((instanceId) => ({ instanceId, outcome: 'done' })));
    expect(cloud.lines('machine', 'kill').map(({ instanceId }) => instanceId)).toEqual(spot);
    expect(await interrupt(onDemand, 'i-none')).toMatchObject({
      code: 1,
      stdout: `${onDemand}: it is on demand, and EC2 takes only spot machines\ni-none: there is no such machine\n`,
    });
  });

  it('recommends a rebalance and takes nothing with --rebalance', async () => {
    const spot = await launch('spot');
    await clock.advance(BOOTED_MS);
    expect((await interrupt('--rebalance', spot)).code).toBe(0);
    expect(cloud.lines('machine', 'rebalance')).toMatchObject([{ instanceId: spot, scripted: true }]);
    expect(cloud.lines('machine', 'notice')).toEqual([]);
  });

  it.each([[], ['--all', 'i-1'], ['--rebalance', '--without-warning', 'i-1']])('refuses %j', async (...words) => {
    expect((await run(['local', 'interrupt', ...words])).code).toBe(2);
  });

  it.each([
    {},
    { AWS_ENDPOINT_URL: 'https://ec2.us-east-1.amazonaws.com' },
    { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
  ])('asks nobody but a local cloud: %j', async (environment) => {
    const done = await run(['local', 'interrupt', '--all'], {}, undefined, {}, { environment });
    expect(done).toEqual({
      code: 1,
      stdout: '',
      stderr: 'local cloud: none answers; run `spothop local` in another terminal, and export here what it prints\n',
    });
  });
});
