import { moduleRunner } from '../../agent/module-runner.ts';
import type { TaskRunner } from '../../agent/runner.ts';
import { secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';

/** A task that a person can follow: so many steps of so many seconds, with a checkpoint after each unless told otherwise. */
export interface StepWork {
  readonly name: string;
  readonly steps: number;
  readonly stepSeconds: number;
  /** The first so many attempts fail. */
  readonly failures?: number;
  /** It writes no checkpoint: whoever takes it over starts anew. */
  readonly keepsNothing?: boolean;
  /** Makes the body, and with it the result, larger than a row takes. */
  readonly padding?: string;
}

/** What the work comes to, whoever did which part of it. */
export const resultOf = ({ name, steps, padding = '' }: StepWork): string =>
  JSON.stringify({ name, stepsDone: steps, padding });

const isStepWork = (input: unknown): input is StepWork =>
  typeof input === 'object' && input !== null && 'steps' in input && 'stepSeconds' in input;

export const stepWorker = (clock: Clock): TaskRunner =>
  moduleRunner(
    {
      name: 'step worker',
      run: async (context, input) => {
        if (!isStepWork(input)) throw new Error('The body says nothing about steps.');
        if (context.attempt <= (input.failures ?? 0)) throw new Error(`Attempt ${context.attempt} is meant to fail.`);
        let stepsDone = Number(context.resume ?? 0);
        while (stepsDone < input.steps) {
          await clock.sleep(secondsToMs(input.stepSeconds), context.signal);
          context.signal.throwIfAborted();
          stepsDone += 1;
          if (!input.keepsNothing) await context.checkpoint(stepsDone);
        }
        return { name: input.name, stepsDone, padding: input.padding ?? '' };
      },
    },
    { clock },
  );
