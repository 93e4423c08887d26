import { type FleetName, fleetName } from '../fleet/ids.ts';
import { connectService, explainAwsError, type TaskService } from '../wiring-cli.ts';
import type { Tasks } from '../worker/define-task.ts';
import { validateInput } from '../worker/validate-input.ts';
import { type IdRule, idRuleByPath, readTask } from '../workflows/new-task.ts';
import { type Submitted, submitEach } from '../workflows/submit-each.ts';
import type { NewTask } from '../workflows/submit-tasks.ts';

export interface SubmitterOptions {
  /** The fleet whose machines do the tasks. */
  readonly fleet: string;
  /** The deployed stack; by default what SPOTHOP_STACK names, else `spothop-production`. */
  readonly stack?: string;
  /** The stack's Region; by default the usual one of the AWS settings. */
  readonly region?: string;
  /** Where bodies have their ids, such as `order.id`; by default the fleet's own `queue.taskIdPath`. */
  readonly idPath?: string;
  /** The fleet's task or tasks: each body is checked by its schema before anything is sent. */
  readonly task?: Tasks;
}

export interface TaskToSubmit {
  /**
   * What makes it the same task when it is submitted again: 1 to 256 printable ASCII characters without blanks. Without
   * it the id is taken from the body under `idPath`, and without that it follows from the body's JSON.
   */
  readonly id?: string;
  /** Any value that survives JSON, at most 1 MiB of it. */
  readonly body: unknown;
}

/**
 * What became of one task.
 *
 * - `submitted`: recorded and sent. `toBeSwept`: recorded, but the queue would not take it now; the service sends it.
 * - `already`: it was there, with the same body.
 * - `conflicting`: its id is there with another body; nothing was changed.
 * - `refused`: it is no task of this fleet; each problem is a line that holds no value of the body. Nothing was sent.
 * - `failed`: it could not be recorded, by `error`. Submit it again.
 */
export type SubmitOutcome =
  | { readonly outcome: 'submitted' | 'already'; readonly taskId: string; readonly toBeSwept?: true }
  | { readonly outcome: 'conflicting'; readonly taskId: string }
  | { readonly outcome: 'refused'; readonly problems: readonly string[] }
  | { readonly outcome: 'failed'; readonly taskId: string; readonly error: Error };

type Given = Iterable<TaskToSubmit> | AsyncIterable<TaskToSubmit>;

export interface Submitter {
  /** Submits these and answers what became of each, in order. Submitting again what is there changes nothing. */
  submit(tasks: Given): Promise<readonly SubmitOutcome[]>;
  /**
   * The same for any number in bounded memory: an outcome for each, in order, as they come. Stop listening to stop
   * submitting; what is under way is finished first.
   * ```ts
   * for await (const outcome of tasks.submitEach(orders())) if (outcome.outcome === 'failed') throw outcome.error;
   * ```
   */
  submitEach(tasks: Given): AsyncGenerator<SubmitOutcome, void, undefined>;
}

/** The service could not be reached: the message says what, why and how to fix it; `cause` is what AWS answered. */
export class CannotSubmit extends Error {
  override readonly name = 'CannotSubmit';
}

interface PlacedTask extends NewTask {
  readonly index: number;
}

type Read =
  | { readonly ok: true; readonly task: NewTask }
  | { readonly ok: false; readonly problems: readonly string[] };

const problemOf = ({ path, because, fix }: { path: string; because: string; fix: string }): string =>
  `${path === '' ? 'the body' : path}: ${because}; ${fix}`;

const asJson = (body: unknown): string | undefined => {
  try {
    return JSON.stringify(body);
  } catch {
    return undefined;
  }
};

const NOT_JSON = 'the body: does not survive JSON (a function, a bigint, or a value that holds itself)';

const readGiven = async ({ id, body }: TaskToSubmit, rule: IdRule, task: Tasks | undefined): Promise<Read> => {
  const text = asJson(body);
  if (text === undefined) return { ok: false, problems: [NOT_JSON] };
  const read = readTask(text, id === undefined ? rule : { from: 'given', id });
  if (!read.ok) return { ok: false, problems: [problemOf(read.refusal)] };
  const checked = task === undefined ? { ok: true as const } : await validateInput(task, read.task.body);
  return checked.ok ? read : { ok: false, problems: checked.problems };
};

const asError = (error: unknown): Error => {
  const explained = explainAwsError(error);
  if (explained === undefined) return error instanceof Error ? error : new Error(String(error));
  return new CannotSubmit(`${explained.what}: ${explained.why}; ${explained.fix}`, { cause: error });
};

const outcomeOf = ({ task, outcome, toBeSwept, error }: Submitted<PlacedTask>): SubmitOutcome => {
  const { taskId } = task;
  if (outcome === 'failed') return { outcome, taskId, error: asError(error) };
  if (outcome === 'conflicting') return { outcome, taskId };
  return { outcome, taskId, ...(toBeSwept && { toBeSwept }) };
};

/** Refused tasks are never under way; they wait here for their turn among those that are. */
class Refused {
  readonly #waiting: { readonly index: number; readonly problems: readonly string[] }[] = [];

  add(index: number, problems: readonly string[]): void {
    this.#waiting.push({ index, problems });
  }

  *before(index: number): Generator<SubmitOutcome> {
    while (this.#waiting.length > 0 && this.#waiting[0]!.index < index) {
      yield { outcome: 'refused', problems: this.#waiting.shift()!.problems };
    }
  }
}

interface Choice {
  readonly fleet: FleetName;
  readonly rule: IdRule;
  readonly task: Tasks | undefined;
}

async function* submitGiven(
  service: TaskService,
  { fleet, rule, task }: Choice,
  given: Given,
): AsyncGenerator<SubmitOutcome, void, undefined> {
  const refused = new Refused();
  const good = async function* (): AsyncGenerator<PlacedTask, void, undefined> {
    let index = 0;
    for await (const one of given) {
      const read = await readGiven(one, rule, task);
      if (read.ok) yield { ...read.task, index };
      else refused.add(index, read.problems);
      index += 1;
    }
  };
  for await (const submitted of submitEach({ ...service, queue: service.queue(fleet) }, fleet, good())) {
    yield* refused.before(submitted.task.index);
    yield outcomeOf(submitted);
  }
  yield* refused.before(Number.POSITIVE_INFINITY);
  // The schedule of each minute does the same; a wake only saves the wait for it.
  await service.wakes.wake(fleet).catch(() => undefined);
}

/** A submitter on a service that is at hand. @throws UnknownFleet */
export const createSubmitter = (
  service: TaskService,
  { fleet: name, idPath, task }: Omit<SubmitterOptions, 'stack' | 'region'>,
): Submitter => {
  const fleet = fleetName(name);
  service.queue(fleet);
  const rule = idRuleByPath(idPath ?? service.taskIdPath(fleet));
  const each = (tasks: Given) => submitGiven(service, { fleet, rule, task }, tasks);
  return {
    submitEach: each,
    submit: async (tasks) => {
      const outcomes: SubmitOutcome[] = [];
      for await (const outcome of each(tasks)) outcomes.push(outcome);
      return outcomes;
    },
  };
};

/**
 * Finds the deployed service with the credentials and Region of the environment, as every AWS client does.
 * ```ts
 * import { submitter } from 'spothop/submit';
 *
 * const tasks = await submitter({ fleet: 'index' });
 * await tasks.submit([{ id: 'order-17', body: { files: ['a.txt'] } }]);
 * ```
 * @throws CannotSubmit, or UnknownFleet
 */
export const submitter = async (options: SubmitterOptions): Promise<Submitter> => {
  const { stack, region } = options;
  try {
    return createSubmitter(await connectService(process.env, { stack, region }), options);
  } catch (error) {
    throw asError(error);
  }
};
