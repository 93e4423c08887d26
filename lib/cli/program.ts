import { Command, CommanderError } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import { printable } from '../signals/printable.ts';
import { type RegisterCommand, withoutFullStop } from './command.ts';
import { registerAudit } from './commands/audit.ts';
import { registerDlq } from './commands/dlq.ts';
import { registerEventsCheck } from './commands/events-check.ts';
import { registerFleetCheck } from './commands/fleet-check.ts';
import { registerLocal } from './commands/local.ts';
import { registerPrices } from './commands/prices.ts';
import { registerReplay } from './commands/replay.ts';
import { registerSubmit } from './commands/submit.ts';
import { registerTasks } from './commands/tasks.ts';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './exit.ts';
import type { CliWorld } from './world.ts';

/** Every command of `spothop`, in the order of its help. */
const COMMANDS: readonly RegisterCommand[] = [
  registerSubmit,
  registerTasks,
  registerDlq,
  registerEventsCheck,
  registerFleetCheck,
  registerPrices,
  registerReplay,
  registerAudit,
  registerLocal,
];

const USAGE_TEXT_CHARACTERS_MAX = 400;

/** Commander writes "error: unknown option '--jsn'" and may add a line of advice; both go on one line of ours. */
const usageError = (text: string): string => {
  const what = text
    .trim()
    .replace(/^error: /, '')
    .replaceAll('\n', ' ');
  return `usage: ${withoutFullStop(printable(what, USAGE_TEXT_CHARACTERS_MAX))}; add --help to see what is accepted\n`;
};

export const buildProgram = (world: CliWorld, finish: (code: ExitCode) => void): Command => {
  const program = new Command('spothop')
    .description(packageFile.description)
    .version(packageFile.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', EXIT_CODES_HELP)
    .exitOverride()
    .configureOutput({
      writeOut: world.stdout,
      writeErr: world.stderr,
      getOutHasColors: () => world.colour,
      getErrHasColors: () => world.colour,
      outputError: (text, write) => write(usageError(text)),
    });
  for (const register of COMMANDS) register(program, { world, finish });
  return program;
};

/** Runs one command line, without the program's own name, and answers with the exit code. */
export const runProgram = async (words: readonly string[], world: CliWorld): Promise<ExitCode> => {
  let code: ExitCode = EXIT.ok;
  const program = buildProgram(world, (finished) => {
    code = finished;
  });
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
};
