import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { indexFiles, mergeIndexes } from '../../examples/index-sources/index-files.ts';
import { instanceId, taskId } from '../../lib/fleet/ids.ts';
import { type AgentProcesses, startAgentProcesses } from './support/agent-process.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['lib/fleet/ids.ts', 'lib/fleet/task.ts', 'lib/fleet/pool.ts', 'lib/fleet/limits.ts'];
const ID = instanceId('i-00000000000000001');

/** Real processes over real HTTP: the agent as a machine starts it, on an embedded DynamoDB, SQS and S3. */
describe('the agent’s process', () => {
  let world: AgentProcesses;
  beforeEach(async () => {
    world = await startAgentProcesses();
  });
  afterEach(() => world.stop());

  const statusOf = async (id: string) => (await world.task(id))?.status;

  it('runs a TypeScript task to a committed result, and ends with 0 when it is told to stop', async () => {
    for (const file of FILES) await world.submit(`ts-${file}`, { files: [file] });
    const machine = await world.start(ID, { SPOTHOP_TASK: 'examples/index-sources/task.ts' });
    await world.until(async () => {
      const statuses = await Promise.all(FILES.map((file) => statusOf(`ts-${file}`)));
      return statuses.every((status) => status === 'done');
    });
    const parts = await Promise.all(FILES.map(async (file) => JSON.parse((await world.resultOf(`ts-${file}`))!)));
    expect(mergeIndexes(parts).equals(mergeIndexes([await indexFiles(PROJECT, FILES)]))).toBe(true);

    machine.process.kill('SIGTERM');
    expect(await machine.exited).toBe(0);
    expect((await world.item(ID))?.signals['machine-stopping']).toBeDefined();
    expect((await world.item(ID))?.leases).toEqual({});
    expect(machine.lines().at(-1)).toMatchObject({ component: 'agent', message: 'agent ended', reason: 'drained' });
  });

  it('hands a command’s task back on a notice, wakes the fleet, and writes no payload into its log', async () => {
    await world.submit('secret-task', 'top secret');
    const machine = await world.start(ID, { SPOTHOP_EXEC: 'cat >/dev/null; exec sleep 300' });
    await world.until(async () => (await statusOf('secret-task')) === 'running');
    machine.notice(30);
    await world.until(async () => (await statusOf('secret-task')) === 'ready');
    expect(await world.task('secret-task')).toMatchObject({ attempt: 1, reclaims: 1, failures: 0 });
    expect(await world.wakes()).toBe(1);
    expect(machine.messages()).toContain('task handed back');
    expect(JSON.stringify(machine.lines())).not.toContain('top secret');
  });

  it('keeps another system’s worker running beside no task of ours, and ends it in time (X2)', async () => {
    await world.submit('not-taken', {});
    const jobs = mkdtempSync(join(tmpdir(), 'spothop-foreign-'));
    onTestFinished(() => rmSync(jobs, { recursive: true, force: true }));
    const worker = fileURLToPath(new URL('./support/foreign-worker.ts', import.meta.url));
    const machine = await world.start(ID, { SPOTHOP_SUPERVISE: `'${process.execPath}' '${worker}' '${jobs}'` });
    await world.until(async () => existsSync(join(jobs, 'ready')));
    const pid = Number(readFileSync(join(jobs, 'ready'), 'utf8'));
    machine.process.kill('SIGTERM');
    expect(await machine.exited).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(await statusOf('not-taken')).toBe('ready');
    expect(machine.messages()).toContain('supervised program ended');
  });

  it('killed with SIGKILL and started again, counts the task that it ran as failed, and works on (F33, F65)', async () => {
    await world.submit('poison', {});
    const command = 'cat >/dev/null; test "$SPOTHOP_TASK_ID" = poison && exec sleep 300; exit 0';
    const first = await world.start(ID, { SPOTHOP_EXEC: command });
    await world.until(async () => (await world.item(ID))?.leases[taskId('poison')] === 1);
    first.process.kill('SIGKILL');
    await first.exited;
    await world.submit('healthy', {});
    await world.start(ID, { SPOTHOP_EXEC: command });
    await world.until(async () => (await statusOf('healthy')) === 'done');
    expect(await world.task('poison')).toMatchObject({
      failures: 1,
      reclaims: 0,
      reason: expect.stringContaining('process ended while it ran'),
    });
  });

  it('ends with 3 where another agent has the machine', async () => {
    const first = await world.start(ID, { SPOTHOP_EXEC: 'true' });
    await world.until(async () => (await world.item(ID))?.session !== undefined);
    const second = await world.start(ID, { SPOTHOP_EXEC: 'true' });
    expect(await second.exited).toBe(3);
    expect(first.process.exitCode).toBeNull();
  });
});
