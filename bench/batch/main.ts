import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { openScreen, settingsOf } from '../../lib/cli/start/screen.ts';
import { longPlan } from './plans.ts';
import { type BatchOptions, type BatchProof, runBatch } from './run-batch.ts';

const EXIT = { held: 0, didNotHold: 1, usage: 2, interrupted: 130 } as const;

interface Words {
  readonly tasks: number;
  readonly records: number;
  readonly every: number;
  readonly instances: number;
  readonly concurrency: number;
  readonly seed: number;
  readonly timeFactor: number;
  readonly json: boolean;
}

const count = (text: string): number => {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 to 9999999.');
};

const program = (): Command =>
  new Command('npm run bench -- batch')
    .description(
      'Runs tasks of many records through interruptions, kills and pauses, and counts every record at the end.',
    )
    .option('--tasks <N>', 'tasks in the batch', count, 350)
    .option('--records <N>', 'records of each task', count, 10_000)
    .option('--every <N>', 'records between two checkpoints', count, 500)
    .option('--instances <N>', 'machines at most', count, 10)
    .option('--concurrency <N>', 'tasks at once on each machine', count, 3)
    .option('--seed <N>', 'of the market', count, 20_260_101)
    .option('--time-factor <N>', 'service time runs so much faster than the wall clock', count, 4)
    .option('--json', 'the proof as one JSON object, the last line on stdout', false)
    .exitOverride();

const optionsOf = (words: Words): BatchOptions => ({ ...words, ...longPlan });

const renderProof = (proof: BatchProof): string => {
  const { mostRepeatedAfter: most } = proof;
  return [
    '',
    `records        ${proof.records} in ${proof.tasks} tasks: ${proof.done} done, ${proof.missing} missing, ${proof.doubledEffects} effects doubled`,
    `repeated       ${proof.repeatedRecords} in the unfenced log; at most ${most.released} after a crash (checkpoint every ${proof.every}), ${most['handed back']} after a drain`,
    `went through   ${proof.interruptions} interruptions, ${proof.kills} agents killed, ${proof.pauses} paused until others had their tasks, ${proof.pausesCutShort} taken meanwhile`,
    `               ${proof.attempts} attempts, ${proof.reclaims} reclaims, ${proof.fencedOff} late commits fenced off`,
    `time           ${proof.wallSeconds} s`,
    proof.held
      ? 'Everything held.'
      : `NOT everything held:\n${proof.problems.map((problem) => `  - ${problem}`).join('\n')}`,
    '',
  ].join('\n');
};

const readWords = (words: readonly string[]): Words | number => {
  try {
    return program().parse(words, { from: 'user' }).opts<Words>();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.held : EXIT.usage;
    throw error;
  }
};

/** `npm run bench -- batch`: answers with the exit code. */
export const batchMain = async (words: readonly string[]): Promise<number> => {
  const read = readWords(words);
  if (typeof read === 'number') return read;
  const out = read.json ? process.stderr : process.stdout;
  const write = (text: string): void => void out.write(text);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end);
  try {
    const proof = await runBatch(optionsOf(read), {
      screen: openScreen(write, settingsOf(out)),
      signal: ending.signal,
    });
    write(renderProof(proof));
    if (read.json) process.stdout.write(`${JSON.stringify(proof)}\n`);
    return proof.held ? EXIT.held : EXIT.didNotHold;
  } catch (error) {
    if (ending.signal.aborted) {
      write('\nInterrupted; everything was cleaned up.\n');
      return EXIT.interrupted;
    }
    write(`\nThe batch could not be finished: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.didNotHold;
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, end);
  }
};
