import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionInvoker } from '../lambda/functions.ts';
import { functionResource } from '../lambda/providers.ts';
import type { Caller, LocalContext } from '../service.ts';

/** What the environment block of the user data says about the agent. */
export interface AgentReference {
  /** The function that answers the agent. */
  readonly functionName: string;
  readonly sha256: string;
}

/** Fetches the agent as the machine's own role, checks its digest, and answers the path of the file. */
export type FetchAgent = (reference: AgentReference, machine: Caller) => Promise<string>;

const textOf = (payload: string): string => {
  const { agent } = JSON.parse(payload) as { readonly agent?: unknown };
  if (typeof agent !== 'string') throw new Error('The agent function answered something else than an agent.');
  return agent;
};

/** Does what the user data's script does on a real machine. A file that has been checked is used for the next machine too. */
export const agentFetcher = (context: LocalContext, functions: FunctionInvoker): FetchAgent => {
  const checked = new Map<string, string>();
  return async ({ functionName, sha256 }, machine) => {
    const check = { action: 'lambda:InvokeFunction', resource: functionResource(functionName), context: {} };
    if (!context.isAllowed(machine, check)) throw new Error(`The machine's role may not invoke ${functionName}.`);
    const known = checked.get(sha256);
    if (known !== undefined) return known;
    const { payload, functionError } = await functions.invoke(functionName, '{}', 'machine');
    if (functionError !== undefined) throw new Error(`${functionName} failed: ${payload.slice(0, 200)}`);
    const agent = textOf(payload);
    const found = createHash('sha256').update(agent).digest('hex');
    if (found !== sha256) throw new Error(`The agent's digest is ${found}, and the launch template names ${sha256}.`);
    const folder = join(context.stateFolder, 'agents', sha256);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'agent.mjs');
    writeFileSync(path, agent);
    checked.set(sha256, path);
    return path;
  };
};
