import { type ParseArgsConfig, parseArgs } from 'node:util';

const USAGE_EXIT_CODE = 2;

/** Ends the process with what is wrong with its command line. */
export const usageError = (problem: string): never => {
  process.stderr.write(`usage: ${problem}; add --help to see what is accepted\n`);
  return process.exit(USAGE_EXIT_CODE);
};

/** The options that were given; an unknown one, or one without its value, ends the process. */
export const readArguments = <const Options extends NonNullable<ParseArgsConfig['options']>>(options: Options) => {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return usageError(error instanceof Error ? error.message : String(error));
  }
};
