import { printable } from '../signals/printable.ts';
import { explainAwsError, MissingOutput, UnknownFleet } from '../wiring-cli.ts';
import { errorLine } from './command.ts';

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
