import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface AgentAnswer {
  /** The whole program, as one file. */
  readonly agent: string;
  readonly sha256: string;
}

/** Where `serverless.yml` puts the file that `deploy/build-agent.ts` makes. */
const AGENT_FILE = '.build/agent/agent.mjs';

/**
 * Answers the agent that belongs to this deployment: how a machine gets it at its first boot. The machine knows the
 * digest from its launch template and runs nothing else.
 */
export const agentHandler = (folder: string) => async (): Promise<AgentAnswer> => {
  const agent = await readFile(join(folder, AGENT_FILE), 'utf8');
  return { agent, sha256: createHash('sha256').update(agent).digest('hex') };
};

export const handler = agentHandler(process.env['LAMBDA_TASK_ROOT'] ?? '.');
