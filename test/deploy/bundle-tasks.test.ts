import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundleTasks } from '../../deploy/bundle-tasks.ts';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { smallFileWith } from '../config/fleet-text.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-tasks-'));
  mkdirSync(join(folder, 'fleets'));
  mkdirSync(join(folder, 'project'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fleetsOf = (text: string) => {
  const result = readFleetFile(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.fleets;
};

const withTask = (path: string): string => smallFileWith('{ command: python3 worker.py }', `{ task: ${path} }`);

const bundle = (text: string) =>
  bundleTasks(fleetsOf(text), {
    fleetFile: join(folder, 'fleets/spothop.yml'),
    deployFolder: join(folder, 'project'),
  });

const TASK = "export default { name: 'x', run: () => 'PLACE' };";
const writeTask = (place: 'fleets' | 'project'): void =>
  writeFileSync(join(folder, place, 'task.ts'), TASK.replace('PLACE', place));

describe('the tasks of a fleet file', () => {
  it('are found beside the fleet file', async () => {
    writeTask('fleets');
    writeTask('project');
    const bundles = await bundle(withTask('./task.ts'));
    expect([...bundles.keys()]).toEqual(['jobs']);
    expect([...bundles.values()][0]!.text).toContain('fleets');
  });

  it('or else below the folder that is deployed from', async () => {
    writeTask('project');
    const bundles = await bundle(withTask('./task.ts'));
    expect([...bundles.values()][0]!.text).toContain('project');
  });

  it('stop the deployment when one cannot be shipped, each with its fleet', async () => {
    const file = withTask('./gone.ts');
    const two = file + file.replace('version: 1\nfleets:\n', '').replace('jobs:', 'more:').replace('gone', 'lost');
    await expect(bundle(two)).rejects.toThrow(
      '\nfleets.jobs.worker.task: ./gone.ts is not there; fix: write a path that begins at the folder of the fleet file' +
        '\nfleets.more.worker.task: ./lost.ts is not there; fix: write a path that begins at the folder of the fleet file' +
        '\nNothing was deployed.',
    );
  });

  it('are not asked for where machines are not launched by us, or run a command', async () => {
    const watched = withTask('./gone.ts').replace('mode: manage', 'mode: observe');
    expect((await bundle(watched)).size).toBe(0);
    expect((await bundle(smallFileWith('python3 worker.py', './work.sh'))).size).toBe(0);
  });
});
