import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instanceId } from '../../lib/fleet/ids.ts';
import { type AgentProcesses, startAgentProcesses } from './support/agent-process.ts';

let world: AgentProcesses;
let folder: string;
// A world for each: the last poll of an agent that was ended would hide the next one's message.
beforeEach(async () => {
  world = await startAgentProcesses();
  folder = mkdtempSync(join(tmpdir(), 'spothop-zombie-'));
});
afterEach(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** It tells that it has begun: an agent that is stopped before that has nothing to be fenced off. */
const taskOf = (end: string, begun: string): string => `
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { defineTask } from 'spothop';
export default defineTask({
  name: 'slow',
  failuresMax: 1,
  async run(context) {
    writeFileSync(${JSON.stringify(begun)}, '');
    await wait(2_000);
    ${end}
  },
});`;

/** Real processes: an agent is stopped by SIGSTOP, its task is run by another machine, and then it wakes up. */
describe('a machine that stood still while its task was given away does nothing to it any more (F50–F52, F57, W2, W6)', () => {
  it.each([
    ['result', 'return { by: context.attempt };'],
    ['result made final by itself', 'await context.commit({ by: context.attempt });'],
    ['checkpoint', 'await context.checkpoint(1); return { by: context.attempt };'],
    ['failure', "if (context.attempt === 1) throw new Error('of the zombie'); return { by: context.attempt };"],
    ['large result', "return { by: context.attempt, rest: 'x'.repeat(context.attempt === 1 ? 100_000 : 0) };"],
  ])(
    'a %s',
    async (what, end) => {
      const id = what.replaceAll(' ', '-');
      const taskFile = join(folder, `${id}.ts`);
      const begun = join(folder, 'begun');
      writeFileSync(taskFile, taskOf(end, begun));
      const start = (machine: string) => world.start(instanceId(machine), { SPOTHOP_TASK: taskFile });
      await world.submit(id, {});
      const zombie = await start('i-00000000000000001');
      await world.until(async () => existsSync(begun));
      zombie.process.kill('SIGSTOP');
      await world.release(id);
      await start('i-00000000000000002');
      await world.until(async () => (await world.task(id))?.status === 'done');
      const settled = await world.task(id);
      zombie.process.kill('SIGCONT');
      await world.until(async () => zombie.messages().includes('fenced off'));
      expect(settled).toMatchObject({ status: 'done', attempt: 2, reclaims: 1, failures: 0 });
      expect(await world.task(id)).toEqual(settled);
      expect(JSON.parse((await world.resultOf(id)) ?? 'null')).toMatchObject({ by: 2 });
    },
    60_000,
  );
});
