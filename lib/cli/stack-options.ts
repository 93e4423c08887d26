import { type Command, InvalidArgumentError, Option } from 'commander';
import { isRegionName } from '../signals/origin.ts';
import { printable } from '../signals/printable.ts';
import {
  explainAwsError,
  MissingOutput,
  STACK_DEFAULT,
  type StackChoice,
  type TaskService,
  UnknownFleet,
} from '../wiring-cli.ts';
import { errorLine } from './command.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { CliWorld } from './world.ts';

/** Which deployed service a command works on. */
export interface StackOptions {
  readonly stack?: string;
  readonly region?: string;
}

const regionName = (value: string): string => {
  if (!isRegionName(value)) throw new InvalidArgumentError('A region looks like eu-central-1.');
  return value;
};

export const withStackOptions = (command: Command): Command =>
  command
    .addOption(new Option('--stack <NAME>', `the deployed stack (default: $SPOTHOP_STACK, else ${STACK_DEFAULT})`))
    .addOption(
      new Option('--region <NAME>', "the stack's Region (default: the usual AWS settings)").argParser(regionName),
    );

export const STACK_HELP = `
Credentials and Region are found as every AWS tool finds them. For the local cloud, export what \`spothop local\` prints.`;

const WORDS_CHARACTERS_MAX = 400;

/** An error as one line that says what, why and how to fix it; `undefined` for one that is a fault of ours. */
export const troubleLine = (error: unknown): string | undefined => {
  const explained = explainAwsError(error);
  if (explained) return errorLine(explained.what, printable(explained.why, WORDS_CHARACTERS_MAX), explained.fix);
  if (error instanceof UnknownFleet) {
    return errorLine('fleet', printable(error.message, WORDS_CHARACTERS_MAX), 'name one of those with --fleet');
  }
  return error instanceof MissingOutput ? `stack: ${error.message}\n` : undefined;
};

/** Runs a command on a deployed service. What goes wrong on the way to AWS or there becomes one plain line. */
export const onService = async (
  world: CliWorld,
  { stack, region }: StackOptions,
  run: (service: TaskService) => Promise<ExitCode>,
): Promise<ExitCode> => {
  const choice: StackChoice = { stack, region };
  try {
    return await run(await world.connect(choice));
  } catch (error) {
    const line = troubleLine(error);
    if (line === undefined) throw error;
    world.stderr(line);
    return EXIT.failedCheck;
  }
};
