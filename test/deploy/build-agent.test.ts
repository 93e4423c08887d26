import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent } from '../../deploy/build-agent.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-agent-'));
  ({ path } = await buildAgent(join(folder, 'layer')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bundled agent', () => {
  it('is one file of less than a megabyte and a half, alone in its folder', () => {
    expect(readdirSync(join(folder, 'layer'))).toEqual(['agent.mjs']);
    expect(statSync(path).size).toBeLessThan(1_500_000);
  });

  it('runs by itself, and says everything that is missing before it starts', () => {
    const { status, stderr } = spawnSync(process.execPath, [path], { cwd: folder, env: {}, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain('SPOTHOP_QUEUE_URL');
    expect(stderr).toContain('SPOTHOP_INSTANCES_TABLE');
  });
});
