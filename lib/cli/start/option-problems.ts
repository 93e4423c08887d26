import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { printable } from '../../signals/printable.ts';
import { whyUnreadable } from '../command.ts';
import type { StartOptions } from './options.ts';
import { recordFolderOf } from './record-file.ts';

const TEXT_CHARACTERS_MAX = 60;

export const quoted = (text: string): string => printable(text, TEXT_CHARACTERS_MAX);

/** A command beyond what a fleet file may hold, or none at all, would only be found out by the deployment. */
const EXEC_CHARACTERS_MAX = 1_000;

const execProblems = (exec: string | undefined): readonly string[] => {
  if (exec === undefined) return [];
  if (exec.trim() === '') return ['--exec has no command'];
  return exec.length > EXEC_CHARACTERS_MAX
    ? [`--exec is longer than ${EXEC_CHARACTERS_MAX} characters: put the command into a script`]
    : [];
};

const fileProblems = (option: string, path: string | undefined): readonly string[] => {
  if (path === undefined) return [];
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? [`${option} ${quoted(path)} is a folder; name a file in it`] : [];
  } catch (error) {
    return [`${option} ${quoted(path)} cannot be read: ${whyUnreadable(error)}; check the path and its permissions`];
  }
};

const TASK_FILE = /\.[cm]?[jt]s$/;

const taskProblems = (task: string | undefined): readonly string[] =>
  task === undefined || TASK_FILE.test(task)
    ? fileProblems('--task', task)
    : [`--task ${quoted(task)} is no TypeScript or JavaScript file; --exec runs any command`];

const choiceProblems = ({ task, exec, input, idPath }: StartOptions, tasksGiven: boolean): readonly string[] => [
  ...(task !== undefined && exec !== undefined ? ['give --task or --exec, not both'] : []),
  ...(input !== undefined && tasksGiven ? ['--tasks counts tasks of the demonstration; --input has its own'] : []),
  ...(idPath !== undefined && input === undefined ? ['--id-path is for the tasks of --input'] : []),
  ...(input !== undefined && task === undefined && exec === undefined
    ? ['--input needs a worker that takes it: --task FILE or --exec CMD']
    : []),
];

/** What is wrong with options that each can be read. Nothing is made or changed by looking. */
export const optionProblems = (options: StartOptions, tasksGiven: boolean): readonly string[] => [
  ...choiceProblems(options, tasksGiven),
  ...taskProblems(options.task),
  ...execProblems(options.exec),
  ...fileProblems('--input', options.input),
];

const UNWRITABLE: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there; make it first',
  EACCES: 'the permissions there do not let you write; name another place',
  EISDIR: 'it is a folder; name a file in it',
  ENOTDIR: 'what should be its folder is a file; name another place',
  EEXIST: 'there is a file of this name; name another place',
};

const whyUnwritable = (error: unknown): string => {
  const { code = 'an error without a code' } = error as NodeJS.ErrnoException;
  return UNWRITABLE[code] ?? `it failed with ${code}; name another place`;
};

const attempt = (make: () => void, problem: (why: string) => string): readonly string[] => {
  try {
    make();
    return [];
  } catch (error) {
    return [problem(whyUnwritable(error))];
  }
};

const makeFolder = (folder: string): readonly string[] =>
  attempt(
    () => mkdirSync(folder, { recursive: true }),
    (why) => `--record ${quoted(folder)} cannot be made a folder: ${why}`,
  );

const makeFile = (file: string): readonly string[] =>
  attempt(
    () => closeSync(openSync(file, 'a')),
    (why) => `--results ${quoted(file)} cannot be written: ${why}`,
  );

/** Makes what the run will write to, so that an hour's work does not end with nowhere to put it. */
export const makePlaces = ({ record, results }: StartOptions): readonly string[] => [
  ...(typeof record === 'string' ? makeFolder(recordFolderOf(record)) : []),
  ...(results === undefined ? [] : makeFile(results)),
];
