import type { Command } from 'commander';
import type { ExitCode } from './exit.ts';
import type { CliWorld } from './world.ts';

/** What a command is handed when it is registered; `finish` says how it went, and is called once. */
export interface CommandContext {
  readonly world: CliWorld;
  readonly finish: (code: ExitCode) => void;
}

/** Each file in `commands/` exports one of these and stands in the list in `program.ts`. */
export type RegisterCommand = (program: Command, context: CommandContext) => void;

/** `events` in `spothop events check`: made by the first command that needs it, shared by the rest. */
export const groupOf = (program: Command, name: string, description: string): Command =>
  program.commands.find((command) => command.name() === name) ?? program.command(name).description(description);

/** Another error's words may be a sentence of their own; here more follows. */
export const withoutFullStop = (words: string): string => words.replace(/\.\s*$/, '');

/** Errors on the terminal say what, why and how to fix it. */
export const errorLine = (what: string, why: string, fix: string): string =>
  `${what}: ${withoutFullStop(why)}; ${fix}\n`;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'its permissions do not let you read it',
  EISDIR: 'it is a directory',
};

export const whyUnreadable = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error without a code';
  return REASONS[code] ?? `reading it failed with ${code}`;
};

export type ReadText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly because: string };

/** The text of a file that the user named, or of standard input for `-`. */
export const readText = async (file: string, world: CliWorld): Promise<ReadText> => {
  try {
    return { ok: true, text: file === '-' ? await world.stdin() : await world.readFile(file) };
  } catch (error) {
    return { ok: false, because: whyUnreadable(error) };
  }
};
