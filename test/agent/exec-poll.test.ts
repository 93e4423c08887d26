import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand } from './support/commands.ts';

/** A machine whose watches have run out (inotify(7), `max_user_watches`), or whose events all are lost. */
const watching = vi.hoisted(() => ({ refused: 0, kind: 'refused' as 'refused' | 'silent' }));
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  watch: () => {
    watching.refused += 1;
    if (watching.kind === 'refused') throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    return { on: () => undefined, close: () => undefined };
  },
}));

let stateFolder: string;
beforeAll(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'spothop-poll-'));
});
afterAll(() => rmSync(stateFolder, { recursive: true, force: true }));

describe('a machine without file events', () => {
  it.each(['refused', 'silent'] as const)(
    '(%s) still finds every checkpoint that a command waits for',
    async (kind) => {
      watching.kind = kind;
      watching.refused = 0;
      const accepted: string[] = [];
      const command = `f="$SPOTHOP_CHECKPOINT_FILE"
      for n in 1 2 3; do echo $n > "$f.new"; mv "$f.new" "$f"; while [ -e "$f" ]; do sleep 0.02; done; done`;
      const checkpoint = async (text: string): Promise<void> => void accepted.push(text);
      expect((await runCommand(command, { stateFolder, checkpoint })).kind).toBe('done');
      expect(accepted).toEqual(['1\n', '2\n', '3\n']);
      expect(watching.refused).toBe(1);
    },
  );
});
