import { PROMISE_OF, STEPS_OF } from '../actors.ts';
import type { Report } from '../finding.ts';
import { releaseBreach } from '../instance-model.ts';
import type { Promised } from '../promises.ts';
import { forcedStep, type ModelRow, type ModelStep, modelStep, stepsAllowedOn, whyRefused } from '../task-model.ts';
import type { ItemView } from './item-view.ts';
import { callerOf, keyPart, nameOfCaller, type RecordedCaller, type RecordLine } from './record-line.ts';
import { type Flaw, readTaskPut, readTaskUpdate, type TaskWrite } from './task-write.ts';

const REFUSED = 'ConditionalCheckFailedException';

export interface TaskJudgeWorld {
  readonly report: Report;
  /** What may have been read of a machine's item by somebody who acts now. */
  readonly viewOf: (machine: string, line: RecordLine) => ItemView | undefined;
}

/** A write of one line, with whoever made it. */
interface Written {
  readonly line: RecordLine;
  readonly number: number;
  readonly id: string;
  readonly caller: RecordedCaller;
  readonly step: ModelStep;
}

const isOfPerson = (step: ModelStep): boolean =>
  STEPS_OF.producer.includes(step.step) || STEPS_OF.operator.includes(step.step);

/** Why this caller may not make this step; nothing when it may. An attempt is its taker’s, and nobody else knows its number. */
const whyNotTheirs = (caller: RecordedCaller, step: ModelStep, taker: string | undefined): string | undefined => {
  if (caller.kind === 'other') return undefined;
  const isTheirs = caller.kind === 'person' ? isOfPerson(step) : STEPS_OF[caller.kind].includes(step.step);
  if (!isTheirs) return `${step.step} is not a step of ${nameOfCaller(caller)}`;
  if (caller.kind !== 'agent' || step.step === 'submit') return undefined;
  const whose = 'owner' in step ? step.owner : taker;
  if (whose === undefined || whose === caller.machine) return undefined;
  return `it is for ${whose}, and was made by ${caller.machine}`;
};

/** Judges every write on every task's row against the protocol's table. */
export class TaskJudge {
  readonly rows = new Map<string, ModelRow>();
  /** Steps that took effect or were refused. */
  steps = 0;
  /** Who took each task last. */
  readonly #takers = new Map<string, string>();
  readonly #world: TaskJudgeWorld;

  constructor(world: TaskJudgeWorld) {
    this.#world = world;
  }

  judge(line: RecordLine, number: number): void {
    const { action, outcome } = line;
    if (outcome !== 'ok' && outcome !== REFUSED) return;
    const id = keyPart(line, 'taskId');
    const caller = callerOf(line);
    if (action === 'dynamodb:DeleteItem' && outcome === 'ok') this.#removed(line, number, id, caller);
    const write = this.#read(line, id, caller);
    if (write === undefined || write.kind === 'other') return;
    if (write.kind === 'no-step') {
      if (outcome === 'ok') this.#tell({ line, number, id, caller }, 'write', write.flaw);
      return;
    }
    this.steps += 1;
    const written: Written = { line, number, id, caller, step: write.step };
    if (outcome === 'ok') this.#accepted(written, write.flaws);
    else this.#refused(written);
  }

  #read(line: RecordLine, id: string, caller: RecordedCaller): TaskWrite | undefined {
    const { parameters = {} } = line;
    if (line.action === 'dynamodb:PutItem') return readTaskPut(parameters);
    if (line.action === 'dynamodb:UpdateItem') return readTaskUpdate(parameters, caller, this.rows.get(id));
    return undefined;
  }

  #accepted(written: Written, flaws: readonly Flaw[]): void {
    const { id, step, caller } = written;
    const before = this.rows.get(id);
    const why = whyRefused(before, step);
    if (why !== undefined) this.#breach(written, PROMISE_OF[step.step], why, stepsAllowedOn(before));
    else this.#judgeRelease(written, before);
    const foreign = whyNotTheirs(caller, step, this.#takers.get(id));
    if (foreign !== undefined) {
      this.#breach(written, 'S1', foreign, 'a step by whoever the table names for it');
    }
    for (const flaw of flaws) this.#tell(written, step.step, flaw);
    if (step.step === 'take') this.#takers.set(id, step.owner);
    const { row, isAllowed } = modelStep(before, step);
    this.rows.set(id, isAllowed ? row! : forcedStep(before, step));
  }

  /** DynamoDB refuses only what does not meet the condition: a refusal of what the table allows means that one of both is wrong. */
  #refused(written: Written): void {
    const before = this.rows.get(written.id);
    if (whyRefused(before, written.step) !== undefined) return;
    const why = 'it was refused, and the table allows it: the row is not what the steps before have made of it';
    this.#breach(written, PROMISE_OF[written.step.step], why, 'the same, accepted');
  }

  #judgeRelease(written: Written, before: ModelRow | undefined): void {
    const { step, id, line } = written;
    if (step.step !== 'release' || before?.owner === undefined) return;
    const view = this.#world.viewOf(before.owner, line);
    const task = { id, attempt: step.attempt };
    const breach = view?.everyReading((item, silentMs) => releaseBreach(item, task, silentMs));
    if (breach !== undefined) this.#breach(written, breach.promise, breach.found, breach.allowed);
  }

  #removed(line: RecordLine, number: number, id: string, caller: RecordedCaller): void {
    if (!this.rows.has(id)) return;
    const why = 'rows outlive every message, and only time removes them';
    this.#tell({ line, number, id, caller }, 'deletion', { promise: 'W1', why, allowed: 'no deletion' });
  }

  #breach(written: Written, promise: Promised, why: string, allowed: string): void {
    this.#tell(written, written.step.step, { promise, why, allowed });
  }

  #tell({ line, number, id, caller }: Omit<Written, 'step'>, name: string, { promise, why, allowed }: Flaw): void {
    const what = `${name} of ${id} by ${nameOfCaller(caller)}`;
    this.#world.report({ line: number, at: line.at, promise, what, why, allowed });
  }
}
