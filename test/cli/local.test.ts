import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { happeningOf } from '../../lib/cli/happenings.ts';
import { stackAnnouncer } from '../../lib/cli/local/announce-stacks.ts';
import { exportLines } from '../../lib/cli/local/guide.ts';
import { placeOfFleets } from '../../lib/cli/local/place-of-fleets.ts';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { run } from './support.ts';

const fleetFile = (instanceTypes: string): string => `
version: 1
fleets:
  one:
    mode: manage
    instanceTypes: [${instanceTypes}]
    zones: [us-east-1a, us-east-1b]
    network:
      subnets: { us-east-1a: subnet-0a1b2c3d4e5f60718, us-east-1b: subnet-0b2c3d4e5f6071829 }
      securityGroups: [sg-0c3d4e5f60718293a]
    capacity: { max: 5 }
    worker: { command: ./work }
`;

const placeOf = (text: string) => {
  const read = readFleetFile(text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return placeOfFleets(read.fleets);
};

describe('where the fleets of a file live locally', () => {
  it('is a market of their types and zones, in a network with their own ids', () => {
    const found = placeOf(fleetFile('c7g.large, c6g.large, m7g.large'));
    if (!found.ok) throw new Error(found.because);
    const { types, zones, network } = found.place;
    expect(types.map((type) => [type.instanceType, type.onDemandMicroUsdPerHour])).toEqual([
      ['c7g.large', 72_500],
      ['c6g.large', 68_000],
      ['m7g.large', 81_600],
    ]);
    expect(zones).toEqual(['us-east-1a', 'us-east-1b']);
    expect(network.subnets.map(({ subnetId, zone }) => [subnetId, zone])).toEqual([
      ['subnet-0a1b2c3d4e5f60718', 'us-east-1a'],
      ['subnet-0b2c3d4e5f6071829', 'us-east-1b'],
    ]);
    expect(network.securityGroupIds).toEqual(['sg-0c3d4e5f60718293a']);
  });

  it('is nowhere for a type without a known price, which is named with those that have one', () => {
    const found = placeOf(fleetFile('c7g.large, x2gd.large, c6g.large'));
    expect(found).toMatchObject({ ok: false, because: 'the local market knows no price of x2gd.large' });
    expect(!found.ok && found.fix).toContain('c7g, c7i, m5');
    expect(!found.ok && found.fix).toContain('t3, t3a, t4g (.small .medium .large)');
  });

  it.each(['spothop.yml', 'examples/supervised-worker/spothop.yml'])('is known for every fleet of %s', (path) => {
    expect(placeOf(readFileSync(path, 'utf8'))).toMatchObject({ ok: true });
  });
});

describe('what is told of a stack that has been deployed', () => {
  const announcerOf = (text: string) => {
    const read = readFleetFile(text);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const resources = JSON.stringify(Object.fromEntries(read.fleets.map(({ name }) => [name, {}])));
    return stackAnnouncer({ stackOutputs: () => ({ FleetResources: resources }) }, read.fleets);
  };

  it('is once how to send it a task, with a body where the task is the example that comes with the project', () => {
    const announce = announcerOf(readFileSync('spothop.yml', 'utf8'));
    expect(announce('spothop-local')).toEqual([
      'deployed   spothop-local: index, scrape',
      '           send a task, and see what becomes of it:',
      `           npx spothop submit --fleet index --body '{"files":["package.json"]}'`,
      '           npx spothop tasks list',
    ]);
    expect(announce('spothop-local')).toEqual([]);
  });

  it('leaves the body to whoever wrote the worker, and names a stack that the environment does not', () => {
    expect(announcerOf(fleetFile('c7g.large, c6g.large, m7g.large'))('mine')).toEqual([
      'deployed   mine: one',
      '           send a task, and see what becomes of it:',
      `           npx spothop submit --fleet one --body '{…}' --stack mine`,
      '           npx spothop tasks list --stack mine',
    ]);
  });

  it('asks nobody to submit to another system’s worker', () => {
    const announce = announcerOf(readFileSync('examples/supervised-worker/spothop.yml', 'utf8'));
    expect(announce('spothop-local')).toHaveLength(1);
  });
});

describe('an agent’s end', () => {
  const end = (code: number | null) => happeningOf({ at: epochMs(0), kind: 'process-end', instanceId: 'i-1', code });

  it('is told when the agent died by itself, and not when it was through or its machine was taken', () => {
    expect(end(2)).toEqual({ weight: 'warning', text: 'agent died i-1: exit code 2; its log says why' });
    expect([end(0), end(null)]).toEqual([undefined, undefined]);
  });
});

describe('spothop local', () => {
  it('starts nothing for a fleet file with problems, and shows all of them', async () => {
    const { code, stdout, stderr } = await run(['local'], { 'spothop.yml': 'version: 2\nfleets: {}\n' });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('spothop.yml');
  });

  it('says how to name a fleet file that is not there', async () => {
    const { code, stderr } = await run(['local', '--fleet-file', 'none.yml']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'none.yml: there is no such file; name your fleet file with --fleet-file\n',
    });
  });

  it.each([
    ['--port', '65536'],
    ['--seed', '-1'],
    ['--time-factor', '0'],
    ['--time-factor', '31'],
  ])('refuses %s %s', async (option, value) => {
    const { code, stderr } = await run(['local', `${option}=${value}`]);
    expect(code).toBe(2);
    expect(stderr).toContain('whole number');
  });
});

describe('the lines to paste into a shell', () => {
  it('keep a value whole whatever is in it, and take away a profile that would win over it', () => {
    expect(exportLines({ A: 'plain-1', B: "two words and 'quotes'" })).toEqual([
      'unset AWS_PROFILE AWS_DEFAULT_PROFILE',
      'export A=plain-1',
      String.raw`export B='two words and '\''quotes'\'''`,
    ]);
  });
});
