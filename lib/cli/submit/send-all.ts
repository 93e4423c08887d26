import { type Submitted, submitEach } from '../../workflows/submit-each.ts';
import { errorLine } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { troubleLine } from '../trouble-line.ts';
import type { Ended } from './check-all.ts';
import { openProgress, type Progress } from './progress.ts';
import { type Place, placeText, refusalLine, shownFew } from './refusals.ts';
import type { SubmitRun } from './run-submit.ts';
import { type PlacedTask, readSources, type Source } from './sources.ts';
import { grouped, noCounts, type SubmitCounts, summaryLine } from './summary.ts';

const AGAIN = 'run it again when you like: what is submitted is recognised, and nothing is done twice';

type FewShown = ReturnType<typeof shownFew>;

/** One pass over everything, with what it has come to so far. */
class Sending {
  readonly counts: SubmitCounts = noCounts();
  /** Aborted by Ctrl-C, by a refused line and by trouble: nothing more is begun then. */
  readonly stopping: AbortSignal;
  readonly #stop = new AbortController();
  readonly #run: SubmitRun;
  readonly #progress: Progress;
  readonly #refusals: FewShown;
  readonly #conflicts: FewShown;
  #last: Place | undefined;
  #refusedAt: Place | undefined;
  #trouble: { readonly error: unknown } | undefined;
  #isWoken = false;

  constructor(run: SubmitRun) {
    this.#run = run;
    this.stopping = AbortSignal.any([run.interruption, this.#stop.signal]);
    this.#progress = openProgress(run.world, 'submitted');
    const write = (line: string): void => {
      this.#progress.clear();
      run.world.stderr(line);
    };
    this.#refusals = shownFew(write);
    this.#conflicts = shownFew(write);
  }

  /** Every good task; a refused line is passed over or, unless that was asked for, the last one looked at. */
  async *tasks(sources: readonly Source[]): AsyncGenerator<PlacedTask, void, undefined> {
    const { rules, options } = this.#run;
    for await (const reading of readSources(sources, rules, this.stopping)) {
      if (this.stopping.aborted) return;
      if (reading.ok) {
        yield reading.task;
        continue;
      }
      this.counts.refused += 1;
      for (const refusal of reading.refusals) this.#refusals.show(refusalLine(reading.place, refusal));
      if (options.skipRefused) continue;
      this.#refusedAt = reading.place;
      return;
    }
  }

  take({ task, outcome, toBeSwept, error }: Submitted<PlacedTask>): void {
    this.counts[outcome] += 1;
    if (toBeSwept) this.counts.toBeSwept += 1;
    if (outcome === 'submitted' || outcome === 'already') this.#last = task.place;
    if (outcome === 'conflicting') {
      const fix = 'give it another id, or leave the line out; nothing was changed';
      const because = `task ${task.taskId} is there with another body`;
      this.#conflicts.show(refusalLine(task.place, { path: '', because, fix }));
    }
    if (error !== undefined) this.#stopFor(error);
    if (outcome === 'submitted' && !this.#isWoken) void this.#wake();
    this.#progress.at(task.place, this.counts.submitted + this.counts.already);
  }

  #stopFor(error: unknown): void {
    this.#trouble ??= { error };
    this.#stop.abort();
  }

  /** The schedule of each minute does the same; a wake only saves the wait for it. */
  async #wake(): Promise<void> {
    this.#isWoken = true;
    const { service, fleet } = this.#run;
    await service.wakes.wake(fleet).catch(() => undefined);
  }

  async end(): Promise<ExitCode> {
    this.#refusals.end('refusals');
    this.#conflicts.end('conflicts');
    this.#progress.clear();
    if (this.#isWoken) await this.#wake();
    return this.#trouble === undefined ? this.#quietEnd() : this.#troubledEnd(this.#trouble.error);
  }

  get #reached(): string {
    const { submitted, already } = this.counts;
    const done = `${grouped(submitted + already)} submitted`;
    return this.#last === undefined ? done : `${done}, the last one at ${placeText(this.#last)}`;
  }

  #troubledEnd(error: unknown): ExitCode {
    const why = error instanceof Error ? error.message : String(error);
    this.#run.world.stderr(troubleLine(error) ?? errorLine('submit', why, 'look at what it says'));
    this.#run.world.stderr(`stopped: ${this.#reached}; ${AGAIN}\n`);
    return EXIT.failedCheck;
  }

  #quietEnd(): ExitCode {
    const { interruption, world } = this.#run;
    if (interruption.aborted) {
      world.stderr(`interrupted: ${this.#reached}; ${AGAIN}\n`);
      return EXIT.interrupted;
    }
    if (this.#refusedAt !== undefined) {
      world.stderr(`stopped at ${placeText(this.#refusedAt)}: ${this.#reached}; correct the line, and ${AGAIN}\n`);
      return EXIT.failedCheck;
    }
    return this.counts.conflicting > 0 ? EXIT.failedCheck : EXIT.ok;
  }
}

/** Submits every task of the sources, and says how far it came however it ended. */
export const sendAll = async (run: SubmitRun, sources: readonly Source[], startedMs: number): Promise<Ended> => {
  const { service, fleet, world } = run;
  const sending = new Sending(run);
  const submitWorld = { ...service, queue: service.queue(fleet) };
  for await (const submitted of submitEach(submitWorld, fleet, sending.tasks(sources))) sending.take(submitted);
  const code = await sending.end();
  return { code, summary: summaryLine(sending.counts, world.steadyMs() - startedMs) };
};
