import { EXIT, type ExitCode } from '../exit.ts';
import { openProgress } from './progress.ts';
import { refusalLine, shownFew } from './refusals.ts';
import type { SubmitRun } from './run-submit.ts';
import { readSources, type Source } from './sources.ts';
import { noCounts, type SubmitSummaryLine, summaryLine } from './summary.ts';

export interface Ended {
  readonly code: ExitCode;
  readonly summary: SubmitSummaryLine;
}

const codeOf = ({ options, interruption }: SubmitRun, refused: number): ExitCode => {
  if (interruption.aborted) return EXIT.interrupted;
  return refused === 0 || options.skipRefused ? EXIT.ok : EXIT.failedCheck;
};

/** Reads everything and sends nothing: all that is wrong is told at once, before anything is begun. */
export const checkAll = async (run: SubmitRun, sources: readonly Source[], startedMs: number): Promise<Ended> => {
  const { world, options, rules, interruption } = run;
  const progress = openProgress(world, 'checked');
  const refusals = shownFew(world.stderr);
  const counts = noCounts();
  let good = 0;
  for await (const reading of readSources(sources, rules, interruption)) {
    if (reading.ok) {
      good += 1;
      progress.at(reading.task.place, good);
      continue;
    }
    counts.refused += 1;
    progress.clear();
    for (const refusal of reading.refusals) refusals.show(refusalLine(reading.place, refusal));
  }
  progress.clear();
  refusals.end('refusals');
  const code = codeOf(run, counts.refused);
  if (code === EXIT.interrupted) world.stderr('interrupted: nothing was sent\n');
  if (code === EXIT.failedCheck && !options.dryRun) {
    world.stderr('nothing was sent; correct those lines, or add --skip-refused to submit the others\n');
  }
  const wouldSubmit = options.dryRun ? good : undefined;
  return { code, summary: summaryLine(counts, world.steadyMs() - startedMs, wouldSubmit) };
};
