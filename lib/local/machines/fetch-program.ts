import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionInvoker } from '../lambda/functions.ts';
import { functionResource } from '../lambda/providers.ts';
import type { Caller, LocalContext } from '../service.ts';

/** What the environment block of the user data says about a file that its script fetches. */
export interface ProgramReference {
  /** The function that answers it. */
  readonly functionName: string;
  readonly program: Program;
  readonly sha256: string;
}

/** The agent, or the task that a fleet runs. */
export type Program = { readonly kind: 'agent' } | { readonly kind: 'task'; readonly fleet: string };

/** Fetches a program as the machine's own role, checks its digest, and answers the path of the file. */
export type FetchProgram = (reference: ProgramReference, machine: Caller) => Promise<string>;

const questionOf = (program: Program): string => JSON.stringify(program.kind === 'task' ? { task: program.fleet } : {});

const textOf = (payload: string, { kind }: Program): string => {
  const { [kind]: text } = JSON.parse(payload) as Readonly<Record<string, unknown>>;
  if (typeof text !== 'string') throw new Error(`The agent function answered something else than the ${kind}.`);
  return text;
};

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const checkDigest = (text: string, { program, sha256 }: ProgramReference): void => {
  const found = digestOf(text);
  if (found === sha256) return;
  throw new Error(`The ${program.kind}'s digest is ${found}, and the launch template names ${sha256}.`);
};

/** Does what the user data's script does on a real machine. A file that has been checked is used for the next machine too. */
export const programFetcher = (context: LocalContext, functions: FunctionInvoker): FetchProgram => {
  const checked = new Map<string, string>();
  const keep = (text: string, { program, sha256 }: ProgramReference): string => {
    const folder = join(context.stateFolder, 'agents', sha256);
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${program.kind}.mjs`);
    writeFileSync(path, text);
    checked.set(sha256, path);
    return path;
  };
  return async (reference, machine) => {
    const { functionName, program, sha256 } = reference;
    const check = { action: 'lambda:InvokeFunction', resource: functionResource(functionName), context: {} };
    if (!context.isAllowed(machine, check)) throw new Error(`The machine's role may not invoke ${functionName}.`);
    const known = checked.get(sha256);
    if (known !== undefined) return known;
    const { payload, functionError } = await functions.invoke(functionName, questionOf(program), 'machine');
    if (functionError !== undefined) throw new Error(`${functionName} failed: ${payload.slice(0, 200)}`);
    const text = textOf(payload, program);
    checkDigest(text, reference);
    return keep(text, reference);
  };
};
