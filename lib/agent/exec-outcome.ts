import { constants } from 'node:os';
import type { GroupExit } from './exec-group.ts';
import { printableReason, type RunnerOutcome } from './runner.ts';

/** `EX_TEMPFAIL` of sysexits.h: run me again, elsewhere or later. */
const HAND_BACK_EXIT_CODE = 75;
/** A shell's way to say that the program it ran was ended by a signal: this plus the signal's number. */
const SIGNALLED_EXIT_CODE = 128;

/** Everything that says how a command ended. */
export interface ExecEnd extends GroupExit {
  /** What it left as its result, or why that cannot be one. */
  readonly result: { readonly text: string } | { readonly refusal: string };
  /** The last of its standard error. */
  readonly stderr: string;
  /** It was asked to stop, or was stopped. */
  readonly wasAsked: boolean;
}

/** Exit codes that a shell gives for a program it could not run (POSIX, Shell Command Language, 2.8.2). */
const SHELL_REASONS: Readonly<Record<number, string>> = {
  126: 'the program cannot be executed: is it marked executable, and made for this kind of machine?',
  127: 'the program was not found: is its path right, and is it installed on this machine?',
};

const signalReason = (signal: string): string =>
  signal === 'SIGKILL' ? 'killed by SIGKILL; was it out of memory?' : `killed by ${signal}`;

const signalOfCode = (code: number): string | undefined =>
  Object.entries(constants.signals).find(([, number]) => code === SIGNALLED_EXIT_CODE + number)?.[0];

const codeReason = (code: number): string => {
  const signal = signalOfCode(code);
  const meaning = SHELL_REASONS[code] ?? (signal === undefined ? undefined : signalReason(signal));
  return meaning === undefined ? `exit code ${code}` : `exit code ${code}: ${meaning}`;
};

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

const failureReason = ({ code, signal, stderr }: ExecEnd): string => {
  const how = code === null ? signalReason(String(signal)) : codeReason(code);
  const line = lastLine(stderr);
  return printableReason(line === '' ? how : `${how}: ${line}`);
};

const resultOutcome = ({ result }: ExecEnd): RunnerOutcome =>
  'text' in result
    ? { kind: 'done', result: result.text }
    : { kind: 'failed', reason: `its result was refused: ${result.refusal}` };

/** Exit 0 done, 75 hand back; whatever ended because it was asked to has not failed; anything else has. */
export const outcomeOf = (end: ExecEnd): RunnerOutcome => {
  if (end.code === 0) return resultOutcome(end);
  if (end.code === HAND_BACK_EXIT_CODE) return { kind: 'hand-back', reason: 'it asked to be handed back' };
  if (end.wasAsked) return { kind: 'hand-back', reason: 'it stopped when asked to' };
  return { kind: 'failed', reason: failureReason(end) };
};
