import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a machine asks for: the agent, or with the name of its fleet the task that the fleet runs. */
export interface AgentQuestion {
  readonly task?: string;
}

/** A whole program as one file, under the name of what was asked for. */
export type AgentAnswer =
  | { readonly agent: string; readonly sha256: string }
  | { readonly task: string; readonly sha256: string };

/** Where `deploy/variables.ts` puts what it makes, and `serverless.yml` finds it. */
const FOLDER = '.build/agent';

const FLEET_NAME = /^[a-z][a-z0-9-]{0,30}$/;

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const readTask = async (folder: string, fleet: string): Promise<string> => {
  const isName = FLEET_NAME.test(fleet);
  const found = isName
    ? await readFile(join(folder, FOLDER, 'tasks', `${fleet}.mjs`), 'utf8').catch(noSuchFile)
    : undefined;
  if (found !== undefined) return found;
  throw new Error('No fleet of this name runs a task file in this deployment; run serverless deploy.');
};

const noSuchFile = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
};

/**
 * Answers the agent that belongs to this deployment, and the task of each fleet: how a machine gets them at its first
 * boot. The machine knows their digests from its launch template and runs nothing else.
 */
export const agentHandler =
  (folder: string) =>
  async (question?: AgentQuestion): Promise<AgentAnswer> => {
    if (question?.task !== undefined) {
      const task = await readTask(folder, question.task);
      return { task, sha256: digestOf(task) };
    }
    const agent = await readFile(join(folder, FOLDER, 'agent.mjs'), 'utf8');
    return { agent, sha256: digestOf(agent) };
  };

export const handler = agentHandler(process.env['LAMBDA_TASK_ROOT'] ?? '.');
