import { outcomeOf } from '../../../../agent/exec-outcome.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const CASES = {
  end: [
    { code: 0, signal: null },
    { code: 1, signal: null },
    { code: 74, signal: null },
    { code: 75, signal: null },
    { code: 76, signal: null },
    { code: 126, signal: null },
    { code: 127, signal: null },
    { code: 128, signal: null },
    { code: 137, signal: null },
    { code: 143, signal: null },
    { code: 255, signal: null },
    { code: null, signal: 'SIGKILL' },
    { code: null, signal: 'SIGTERM' },
  ],
  wasAsked: [true, false],
  result: [{ text: 'so many' }, { text: '' }, { refusal: 'too large' }],
  stderr: ['', 'first\nlast\n\n'],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ end, wasAsked, result, stderr }: Case): string => {
  const outcome = outcomeOf({ ...end, wasAsked, result, stderr });
  if (outcome.kind === 'done') return `done with “${outcome.result}”`;
  const isFinal = outcome.kind === 'failed' && outcome.isFinal === true;
  return outcome.kind === 'failed' ? `failed: ${outcome.reason}${isFinal ? ', for good' : ''}` : 'handed back';
};

const MEANINGS: Readonly<Record<number, string>> = {
  126: ': the program cannot be executed: is it marked executable, and made for this kind of machine?',
  127: ': the program was not found: is its path right, and is it installed on this machine?',
  137: ': killed by SIGKILL; was it out of memory?',
  143: ': killed by SIGTERM',
};

const reasonOf = ({ code, signal }: Case['end']): string => {
  if (code !== null) return `exit code ${code}${MEANINGS[code] ?? ''}`;
  return signal === 'SIGKILL' ? 'killed by SIGKILL; was it out of memory?' : `killed by ${signal}`;
};

/** 0 is done, 75 asks to be handed back; anything else has failed, but for what was asked to stop. */
const expected = ({ end, wasAsked, result, stderr }: Case): string => {
  if (end.code === 0)
    return 'text' in result ? `done with “${result.text}”` : 'failed: its result was refused: too large';
  if (end.code === 75 || wasAsked) return 'handed back';
  return `failed: ${reasonOf(end)}${stderr === '' ? '' : ': last'}`;
};

/** How a command has ended: done, failed by itself, or stopped because its machine goes. */
export const commandEnds: DecisionTable = {
  name: 'the end of a command',
  promise: 'W5',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
