import { describe, expect, it } from 'vitest';
import { exportLines } from '../../lib/cli/local/guide.ts';
import { placeOfFleets } from '../../lib/cli/local/place-of-fleets.ts';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
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
    expect(!found.ok && found.fix).toContain('c7g.large');
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
