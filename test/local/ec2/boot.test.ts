import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CreateFleetCommand } from '@aws-sdk/client-ec2';
import { afterEach, expect, test, vi } from 'vitest';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { createProcessHost } from '../../../lib/local/machines/processes.ts';
import { type Ec2Cloud, openEc2Cloud } from './ec2-cloud.ts';

const AGENT = resolve(import.meta.dirname, '../../support/fake-agent.mjs');
const SECONDS_20 = { timeout: 20_000, interval: 20 };

let cloud: Ec2Cloud | undefined;
afterEach(() => cloud?.close());

/** Real processes under the machine's own clock, forty times faster. */
const open = async (): Promise<Ec2Cloud> => {
  const scale = { timeFactor: 40, originMs: wallClock().now() };
  const opened = await openEc2Cloud({
    clock: wallClock(scale),
    timeFactor: scale.timeFactor,
    timeOriginMs: scale.originMs,
    processes: createProcessHost(),
    fetchProgram: async () => AGENT,
  });
  const role = opened.directory.role('MachineRole')!;
  opened.directory.putRole({
    ...role,
    inlinePolicies: new Map([
      ['own', { Statement: { Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' } }],
    ]),
  });
  return opened;
};

const launch = async (opened: Ec2Cloud, template: string, count: number): Promise<readonly string[]> => {
  const answer = await opened.client.send(
    new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '$Latest' },
          Overrides: [{ InstanceType: 'c5.large', AvailabilityZone: 'us-east-1a' }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: 'spot' },
    }),
  );
  return answer.Instances!.flatMap((group) => group.InstanceIds!);
};

test('an agent on a machine uses its role, hears of its notice, and is gone with its machine', async () => {
  const opened = await open();
  cloud = opened;
  const template = await opened.makeTemplate();
  const [id] = await launch(opened, template, 1);
  const log = () => readFileSync(join(opened.stateFolder, 'machines', `${id}.log`), 'utf8');
  await vi.waitFor(() => expect(log()).toContain('sees 1 machine'), SECONDS_20);
  const [running] = opened.part.runningMachines();
  expect(running).toMatchObject({ instanceId: id, state: 'running' });
  await opened.part.applyScript([{ afterMs: 0, happening: 'warn', target: 'oldest spot machine' }]);
  await vi.waitFor(() => expect(log()).toContain('noticed terminate'), SECONDS_20);
  await vi.waitFor(() => expect(opened.lines('machine', 'end')).toHaveLength(1), SECONDS_20);
  expect(() => process.kill(running!.pid!, 0)).toThrow('ESRCH');
  const told = opened.lines('machine').map((line) => line['what']);
  expect(told).toEqual(['launch', 'running', 'notice', 'reclaim', 'end']);
  const machineCalls = opened
    .lines('request')
    .filter((line) => JSON.stringify(line).includes('MachineRole') && JSON.stringify(line).includes(id!));
  expect(machineCalls.length).toBeGreaterThan(0);
});

test('closing the local cloud ends every machine at once', async () => {
  const opened = await open();
  cloud = opened;
  const template = await opened.makeTemplate();
  await launch(opened, template, 2);
  await vi.waitFor(() => expect(opened.lines('process-start')).toHaveLength(2), SECONDS_20);
  const pids = opened.lines('process-start').map((line) => line['pid'] as number);
  await opened.part.close();
  await expect(launch(opened, template, 1)).rejects.toMatchObject({ name: 'Unavailable' });
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(opened.part.runningMachines()).toEqual([]);
  expect(opened.lines('process-end')).toHaveLength(2);
});
