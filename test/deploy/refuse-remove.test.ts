import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deployService, LOCAL_STAGE } from '../../lib/cli/start/deploy-service.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { addMs } from '../../lib/fleet/time.ts';
import { LOCAL_SECURITY_GROUP_ID, localNetwork } from '../../lib/local/ec2/network.ts';
import type { Credentials } from '../../lib/local/service.ts';
import { startWholeCloud, type WholeCloud } from '../../lib/local/whole-cloud.ts';
import { draw } from '../../lib/market/draw.ts';
import { exampleMarket } from '../../lib/market/settings.ts';
import { copyProject } from '../support/packaged-service.ts';

const STACK = `spothop-${LOCAL_STAGE}`;
const SEED = 7;

/** Service time runs this much faster than the wall clock. */
const TIME_FACTOR = 30;

/** Service time that a machine may take to come, or to go. */
const PATIENCE_MS = 900_000;

const openCloud = (folder: string, projectFolder: string): Promise<WholeCloud> => {
  const timeOriginMs = wallClock().now();
  const clock = wallClock({ timeFactor: TIME_FACTOR, originMs: timeOriginMs });
  const market = exampleMarket(SEED, clock.now(), { restlessness: 0 });
  let drawn = 0;
  return startWholeCloud({
    clock,
    timeFactor: TIME_FACTOR,
    timeOriginMs,
    stateFolder: join(folder, 'cloud'),
    random: () => draw(SEED, 'names', drawn++),
    market,
    network: localNetwork(market.zones),
    projectFolder,
  });
};

/** A fleet of exactly so many machines, whatever waits for them. */
const fleetFile = (machines: number): string => {
  const market = exampleMarket(SEED, wallClock().now());
  const { subnets } = localNetwork(market.zones);
  const fleet = {
    mode: 'manage',
    instanceTypes: market.types.map((type) => type.instanceType),
    zones: market.zones,
    network: { subnets: subnets.map(({ subnetId }) => subnetId), securityGroups: [LOCAL_SECURITY_GROUP_ID] },
    capacity: { min: machines, max: machines },
    worker: { command: 'true' },
  };
  return JSON.stringify({ version: 1, fleets: { small: fleet } });
};

/** Keys of a caller that no policy allows anything. */
const powerlessCaller = (cloud: WholeCloud): Credentials =>
  cloud.context.credentials.issue({
    kind: 'role',
    roleName: 'nobody',
    roleArn: 'arn:aws:iam::000000000000:role/nobody',
    sessionName: 'test',
  });

/** A profile with such keys, where the tool looks for it; the environment's own keys may do everything. */
const writePowerlessProfile = (home: string, cloud: WholeCloud): void => {
  const { accessKeyId, secretAccessKey, sessionToken } = powerlessCaller(cloud);
  mkdirSync(join(home, '.aws'));
  writeFileSync(
    join(home, '.aws', 'credentials'),
    `[powerless]\naws_access_key_id=${accessKeyId}\naws_secret_access_key=${secretAccessKey}\naws_session_token=${sessionToken}\n`,
  );
};

describe('serverless remove', () => {
  let folder: string;
  let project: string;
  let cloud: WholeCloud;

  const deploy = (machines: number): Promise<void> => {
    writeFileSync(join(folder, 'spothop.yml'), fleetFile(machines));
    return deployService({
      projectFolder: project,
      fleetFile: join(folder, 'spothop.yml'),
      environment: cloud.environmentToExport(),
      logFile: join(folder, 'deploy.log'),
      signal: new AbortController().signal,
    });
  };

  const remove = (...options: string[]): Promise<{ code: number | null; text: string }> => {
    const manifest = createRequire(import.meta.url).resolve('serverless/package.json');
    const words = [join(dirname(manifest), 'bin', 'serverless.js'), 'remove', '--stage', LOCAL_STAGE, ...options];
    const environment = {
      PATH: process.env['PATH'],
      HOME: folder,
      SPOTHOP_FLEET_FILE: join(folder, 'spothop.yml'),
      SLS_AWS_MONITORING_FREQUENCY: '50',
    };
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, words, {
        cwd: project,
        env: { ...environment, ...cloud.environmentToExport() },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let text = '';
      const keep = (chunk: Buffer): void => {
        text += chunk.toString('utf8');
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, text }));
    });
  };

  const untilMachines = async (count: number): Promise<void> => {
    const { clock } = cloud.context;
    const giveUpAt = addMs(clock.now(), PATIENCE_MS);
    while (cloud.machines.runningMachines().length !== count) {
      if (clock.now() > giveUpAt) throw new Error(`The fleet has not come to ${count} machines.`);
      await clock.sleep(1_000);
    }
  };

  /** What a removal begins with: the objects of the deployment bucket, and then the stack. */
  const changesSince = (line: number): unknown[] =>
    cloud.context.recorder
      .lines()
      .slice(line)
      .map(({ action }) => action)
      .filter((action) => action === 's3:DeleteObjects' || action === 'cloudformation:DeleteStack');

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spothop-remove-'));
    project = copyProject(folder);
    cloud = await openCloud(folder, project);
    await deploy(1);
    await untilMachines(1);
  }, 120_000);

  afterAll(async () => {
    await cloud?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('is refused while a machine lives, and names it', { timeout: 60_000 }, async () => {
    const lines = cloud.context.recorder.lines().length;
    const { code, text } = await remove();
    expect({ code, text }).toMatchObject({ code: 1 });
    const [machine] = cloud.machines.runningMachines();
    expect(text).toContain(
      `1 machine of ${STACK} still live in us-east-1:\n  ${machine?.instanceId} (fleet small, running)`,
    );
    expect(changesSince(lines)).toEqual([]);
    expect(cloud.stackOutputs(STACK)).toBeDefined();
  });

  test('is refused when the chosen profile may not ask EC2, and names the permission', {
    timeout: 60_000,
  }, async () => {
    writePowerlessProfile(folder, cloud);
    const lines = cloud.context.recorder.lines().length;
    const { code, text } = await remove('--aws-profile', 'powerless');
    expect({ code, text }).toMatchObject({ code: 1 });
    expect(text).toContain('lack ec2:DescribeInstances');
    expect(changesSince(lines)).toEqual([]);
  });

  test('is done once the fleet is empty, as the refusal says', { timeout: 60_000 }, async () => {
    await deploy(0);
    await untilMachines(0);
    const { code, text } = await remove();
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(cloud.stackOutputs(STACK)).toBeUndefined();
  });
});
