import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentHandler } from '../../functions/agent.ts';

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('the function that machines fetch their programs from', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'spothop-agent-function-'));
    mkdirSync(join(folder, '.build/agent/tasks'), { recursive: true });
    writeFileSync(join(folder, '.build/agent/agent.mjs'), 'the agent “itself”');
    writeFileSync(join(folder, '.build/agent/tasks/index.mjs'), 'the task of index');
    writeFileSync(join(folder, '.build/agent/tasks.mjs'), 'not a task');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([[undefined], [{}]])('answers the agent to %j', async (question) => {
    const agent = 'the agent “itself”';
    expect(await agentHandler(folder)(question)).toEqual({ agent, sha256: digestOf(agent) });
  });

  it('answers the task of a fleet by its name', async () => {
    const task = 'the task of index';
    expect(await agentHandler(folder)({ task: 'index' })).toEqual({ task, sha256: digestOf(task) });
  });

  it.each(['other', '../tasks', '..', '', 'INDEX', 'index.mjs', 'a/b'])('has no file for %j', async (task) => {
    await expect(agentHandler(folder)({ task })).rejects.toThrow(
      'No fleet of this name runs a task file in this deployment; run serverless deploy.',
    );
  });
});
