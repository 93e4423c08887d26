import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineTask, type TaskDefinition, type Tasks } from './define-task.ts';
import { installImportHook } from './import-hook.ts';

/** A task file that cannot be used: the message says what is wrong with it and what to do. */
export class UnusableTaskFile extends Error {
  override readonly name = 'UnusableTaskFile';
}

const HOW_TO_EXPORT = "export default defineTask({ name: '…', run(context, input) { … } })";

const bundleCommand = (file: string): string =>
  `npx esbuild ${file} --bundle --platform=node --format=esm --external:spothop --outfile=task.mjs`;

/** Without its full stop, because more is said after it. */
const firstLine = (text: string): string =>
  (text.split('\n').find((line) => line.trim() !== '') ?? '').trim().replace(/\.$/, '');

/** The package of `Cannot find package 'zod' imported from …`, where that is what Node says; in CommonJS it says `module`. */
const missingPackage = (message: string): string | undefined =>
  /^Cannot find (?:package|module) '([^'./][^']*)'/.exec(message)?.[1];

/** Where in the file it happened, as far as the stack tells. */
const lineOf = (path: string, { stack = '' }: Error): string => {
  const rest = stack.split(path)[1];
  const line = rest === undefined ? undefined : /^:(\d+)/.exec(rest)?.[1];
  return line === undefined ? '' : ` (line ${line})`;
};

const missingImport = (path: string, message: string): string => {
  const name = missingPackage(message);
  if (name === undefined) {
    return `imports a file that is not there: ${firstLine(message)}. Imports of own files end in .ts and are relative to the importing file`;
  }
  return `imports '${name}', which is not installed where the file lies. Run \`npm install ${name}\` in ${dirname(path)}, or ship one file that has everything in it: ${bundleCommand(basename(path))}`;
};

const NOT_STRIPPABLE = 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
const STRIPPED_OUTSIDE_MODULES = 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING';

/** What Node says, in words that name the cause and the fix. */
const importProblem = (path: string, error: unknown): string => {
  if (!(error instanceof Error)) return `threw ${typeof error === 'string' ? error : typeof error} while it was loaded`;
  const { message, code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND':
    case 'MODULE_NOT_FOUND':
      return missingImport(path, message);
    case NOT_STRIPPABLE:
      return `uses TypeScript that Node cannot run by leaving types out (enum, namespace, parameter properties, import =): ${firstLine(message)}${lineOf(path, error)}. Write it without, such as \`const Colour = { red: 'red' } as const\`, or compile it first: ${bundleCommand(basename(path))}`;
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return `is not valid TypeScript: ${firstLine(message)}${lineOf(path, error)}`;
    case STRIPPED_OUTSIDE_MODULES:
      return `lies in or imports TypeScript from a node_modules folder, where Node runs none: ${firstLine(message)}. Move it out, or compile it first: ${bundleCommand(basename(path))}`;
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return 'is no kind of file that Node runs: end its name in .ts, .mts, .js or .mjs';
    default:
      return `failed while it was loaded: ${error.name}: ${firstLine(message)}${lineOf(path, error)}. What stands outside run() is executed by every agent at its start, and must work there`;
  }
};

const isTaskDefinition = (value: unknown): value is TaskDefinition => {
  try {
    return typeof value === 'object' && value !== null && defineTask(value as TaskDefinition) === value;
  } catch {
    return false;
  }
};

const repeatedName = (definitions: readonly TaskDefinition[]): string | undefined =>
  definitions.map(({ name }) => name).find((name, index, names) => names.indexOf(name) !== index);

const tasksOf = (path: string, exported: unknown): Tasks => {
  if (isTaskDefinition(exported)) return exported;
  if (!Array.isArray(exported) || exported.length === 0 || !exported.every(isTaskDefinition)) {
    throw new UnusableTaskFile(`${path} exports no task; write: ${HOW_TO_EXPORT}. Several: export default [one, two].`);
  }
  const repeated = repeatedName(exported);
  if (repeated === undefined) return exported;
  throw new UnusableTaskFile(`${path} exports two tasks named ${JSON.stringify(repeated)}; give each its own name.`);
};

/**
 * Loads the tasks that a module exports by default. It runs the file's code, with `spothop` meaning this copy.
 * @throws UnusableTaskFile in words for people: not there, not TypeScript that Node runs, something missing, no task
 */
export const loadTaskFile = async (path: string): Promise<Tasks> => {
  const file = resolve(path);
  if (!existsSync(file)) throw new UnusableTaskFile(`${path} is not there: looked for ${file}.`);
  installImportHook();
  const module = await import(pathToFileURL(file).href).catch((error: unknown) => {
    throw new UnusableTaskFile(`${path} ${importProblem(file, error)}.`, { cause: error });
  });
  return tasksOf(path, (module as { readonly default?: unknown }).default);
};
