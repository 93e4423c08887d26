import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instanceId } from '../../lib/fleet/ids.ts';
import { type AgentProcesses, startAgentProcesses } from './support/agent-process.ts';
import { isAlive, textOf, untilDead } from './support/commands.ts';

let world: AgentProcesses;
let folder: string;
beforeEach(async () => {
  world = await startAgentProcesses();
  folder = mkdtempSync(join(tmpdir(), 'spothop-cancelled-'));
});
afterEach(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);

/** Says that it runs, and that it was asked to stop; writes nothing else, and never ends by itself. */
const TASK = (ends: boolean): string => `
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { defineTask } from 'spothop';
export default defineTask({
  name: 'endless',
  async run(context) {
    writeFileSync(${JSON.stringify(at('began'))}, process.pid + '\\n');
    context.signal.addEventListener('abort', () => writeFileSync(${JSON.stringify(at('asked'))}, 'asked\\n'));
    for (;;) await wait(20, undefined, ${ends ? '{ signal: context.signal }' : '{}'});
  },
});`;

const COMMAND = (end: string): string =>
  `trap 'cat "$SPOTHOP_STALE_FILE" > ${at('asked')}; ${end}' TERM; echo $$ > ${at('began')}; while :; do sleep 0.02; done`;

/** Real processes: a task that never writes is cancelled while it runs. */
describe('a running task that is cancelled is asked to stop, and ended when it does not', () => {
  it.each([
    ['TypeScript that stops', () => ({ task: TASK(true) })],
    ['TypeScript that does not', () => ({ task: TASK(false) })],
    ['a command that stops', () => ({ command: COMMAND('exit 0') })],
    ['a command that does not', () => ({ command: COMMAND(':') })],
  ] as const)(
    '%s',
    async (_name, workerOf) => {
      const worker: { task?: string; command?: string } = workerOf();
      if (worker.task !== undefined) writeFileSync(at('endless.ts'), worker.task);
      const variables =
        worker.task === undefined ? { SPOTHOP_EXEC: worker.command! } : { SPOTHOP_TASK: at('endless.ts') };
      await world.submit('a', {});
      const machine = await world.start(instanceId('i-00000000000000001'), variables);
      const pid = Number(await textOf(at('began')));
      await world.cancel('a');
      expect(await textOf(at('asked'))).toMatch(worker.task === undefined ? /^This attempt is over/ : /^asked/);
      await world.until(async () => machine.messages().includes('fenced off'));
      // A host whose task has stopped goes on for the next one.
      if (worker.task !== TASK(true)) await untilDead(pid);
      else expect(isAlive(pid)).toBe(true);
      expect(await world.task('a')).toMatchObject({ status: 'cancelled', attempt: 1 });
    },
    60_000,
  );
});
