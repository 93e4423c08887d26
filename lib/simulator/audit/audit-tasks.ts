import { PROMISE_OF, STEPS_OF } from '../../audit/actors.ts';
import { releaseBreach } from '../../audit/instance-model.ts';
import { type ModelRow, modelRowOf, modelStep } from '../../audit/task-model.ts';
import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { TaskOutcome, TaskStep } from '../../fleet/task-protocol.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { TaskLedger } from '../../ports/tasks.ts';
import type { Faults } from '../faults/faults.ts';
import type { Caller } from '../life/caller.ts';
import type { Trace } from '../life/trace.ts';
import type { Truth } from '../life/truth.ts';
import type { MemoryTaskLedger } from '../ports/memory-task-ledger.ts';
import { describeRow } from './context.ts';
import { tooEarlyMs } from './early-release.ts';
import { expectedOutcome, lookIsLateBy } from './judge-step.ts';
import type { Judge } from './promises.ts';
import { silentMs } from './what-items-say.ts';

export interface TaskAuditWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly truth: Truth;
  readonly acting: { readonly by: Caller | undefined };
  readonly tasks: MemoryTaskLedger;
  readonly recordOf: (id: InstanceId) => InstanceRecord | undefined;
  /** The time of the life, in words. */
  readonly since: (at: EpochMs) => string;
}

export interface TaskAudit {
  readonly ledger: TaskLedger;
  readonly model: ReadonlyMap<TaskId, ModelRow>;
}

const FIELDS = ['status', 'attempt', 'owner', 'failures', 'reclaims'] as const;

const differences = (model: ModelRow | undefined, row: TaskRecord | undefined): string[] => {
  if (model === undefined || row === undefined) return model === row ? [] : ['whether there is a row'];
  const fields = FIELDS.filter((field) => model[field] !== row[field]);
  const sequence = row.checkpoint?.sequence ?? 0;
  return sequence === model.sequence ? fields : [...fields, `checkpoint ${sequence} for ${model.sequence}`];
};

const isOver = (row: TaskRecord): boolean => row.status !== 'ready' && row.status !== 'running';

/** A message that has brought nobody for five minutes may be lost, and not before. Within a minute it is one sweep beside another. */
const SENT_AGAIN_MS = { least: 60_000, most: 290_000 };

/** A sweep looks at so many rows and no more: those of a storm are looked at more thinly than the figures say. */
const THIN_LOOKS_ROWS = 200;

/** Judges every step on every row by the auditor's own table, below whatever fails or loses answers. */
export const auditTasks = (world: TaskAuditWorld): TaskAudit => {
  const { judge, faults, trace, truth, tasks, since } = world;
  const model = new Map<TaskId, ModelRow>();
  /** Who took each attempt. */
  const takers = new Map<string, InstanceId>();
  /** Which attempt wrote the newest checkpoint of each task. */
  const keepers = new Map<TaskId, number>();

  const judgeRelease = (id: TaskId, before: ModelRow): void => {
    if (world.acting.by?.memo.sent.get(id) === world.now()) judge.say('W1', `${id} was sent before it was released`);
    const owner = before.owner as InstanceId;
    const memo = world.acting.by?.memo;
    const record = memo?.records.has(owner) ? memo.records.get(owner) : world.recordOf(owner);
    // The same item is read once more for another task of its machine: by any of these it may have been decided.
    const breaches = (memo?.readings.get(owner) ?? [record]).map((read) =>
      releaseBreach(read, { id, attempt: before.attempt }, read === undefined ? 0 : silentMs(read, world.now())),
    );
    const breach = breaches.includes(undefined) ? undefined : breaches.at(-1);
    if (breach !== undefined) judge.say(breach.promise, `${id} of ${before.owner}: ${breach.found}`);
    judgeHaste(id, before, record);
  };

  const judgeHaste = (id: TaskId, { owner, attempt }: ModelRow, record: InstanceRecord | undefined): void => {
    if (record?.leases[id] !== attempt) return;
    const drain = world.acting.by?.memo.settings?.get(record.fleet)?.drain;
    if (drain === undefined) return;
    const earlyMs = tooEarlyMs(record, drain, world.now());
    if (earlyMs > 0) judge.say('W4', `${id} was taken from ${owner}, heard, ${earlyMs / 1_000} s before it had to be`);
  };

  const judgeEnd = (id: TaskId, row: TaskRecord, step: TaskStep): void => {
    const task = truth.tasks.get(id);
    if (task === undefined) return;
    if (row.status === 'dead' && step.step === 'fail' && task.failures < step.failuresMax) {
      judge.say('W5', `${id} is dead after ${task.failures} failures of its own, ${row.reclaims} reclaims`);
    }
    if (row.status === 'cancelled' && !task.isCancelAsked) judge.say('W1', `${id} was cancelled and nobody asked`);
  };

  /** A row that is not finished and not in the sweep’s index would be found by nobody. */
  const judgeIndex = (id: TaskId, row: TaskRecord): void => {
    if (isOver(row) === (row.checkAt !== undefined)) {
      judge.say('W1', `${id} is ${row.status} and its checkAt ${row.checkAt === undefined ? 'missing' : 'there'}`);
    }
  };

  /** A task stays with the fleet that it was submitted to, and only that fleet's machines work on it. */
  const judgeFleet = (id: TaskId, step: TaskStep, by: Caller): void => {
    const row = step.step === 'submit' ? step.row : tasks.rows.get(id);
    const fleet = truth.tasks.get(id)?.fleet;
    if (row === undefined || fleet === undefined) return;
    if (row.fleet !== fleet) judge.say('W1', `${id} was submitted to ${fleet}, and its row names ${row.fleet}`);
    const machine = by.machine === undefined ? undefined : truth.machines.get(by.machine);
    if (machine !== undefined && machine.fleet !== fleet)
      judge.say('S1', `${step.step} of ${id} of ${fleet} by ${by.name}, a machine of ${machine.fleet}`);
  };

  const judgeActor = (id: TaskId, step: TaskStep): void => {
    const { by } = world.acting;
    if (by === undefined) return;
    if (!STEPS_OF[by.kind].includes(step.step)) judge.say('S1', `${step.step} of ${id} by ${by.kind}`);
    const isFenced = 'attempt' in step && by.kind === 'agent';
    if (isFenced && takers.get(`${id}/${step.attempt}`) !== by.machine)
      judge.say('W2', `${step.step} of attempt ${step.attempt} of ${id} by ${by.name}, which never took it`);
    judgeFleet(id, step, by);
    const owner = step.step === 'take' || step.step === 'hand-back' ? step.owner : undefined;
    if (owner !== undefined && owner !== by.machine)
      judge.say('S1', `${step.step} of ${id} for ${owner} by ${by.name}`);
  };

  /** The faults that a zombie’s refused or accepted writes are. */
  const meetZombie = (before: ModelRow | undefined, step: TaskStep, isAllowed: boolean): void => {
    const by = world.acting.by?.name ?? 'world';
    if (before === undefined || !('attempt' in step)) return;
    if (step.step === 'commit' && isAllowed && before.status === 'ready') faults.met('F51', by);
    if (isAllowed || step.attempt >= before.attempt) return;
    if (step.step === 'commit') faults.met('F50', by);
    if (step.step === 'checkpoint') faults.met('F52', by);
  };

  /** What is told of a step is what its teller does next: a lost answer is recognised, and nothing else is. */
  const judgeOutcome = (id: TaskId, step: TaskStep, expected: TaskOutcome['outcome'], outcome: TaskOutcome): void => {
    if (outcome.outcome === expected) return;
    judge.say(PROMISE_OF[step.step], `${step.step} of ${id} is answered ${outcome.outcome}, and has to be ${expected}`);
  };

  /** Whoever is told that it is kept goes on from there, should it be asked to (W6). */
  const judgeKept = (id: TaskId, step: TaskStep, { outcome }: TaskOutcome): void => {
    if (step.step !== 'checkpoint' || outcome === 'refused') return;
    const kept = tasks.rows.get(id)?.checkpoint;
    const isOther =
      kept?.sequence === step.checkpoint.sequence && kept.content.sha256 !== step.checkpoint.content.sha256;
    if (isOther) judge.say('W6', `checkpoint ${kept.sequence} of ${id} is told to be kept, and another one is`);
  };

  /** What can be cut has the one before it beside it: within an attempt that is the one that it replaces (F54). */
  const judgeFallback = (id: TaskId, rowBefore: TaskRecord, step: TaskStep): void => {
    if (step.step !== 'checkpoint') return;
    const kept = 'objectKey' in step.checkpoint.content ? step.before?.sequence : undefined;
    const before = tasks.rows.get(id)?.checkpointBefore?.sequence;
    if (before !== kept) judge.say('W6', `${id} was to keep ${kept} beside its newest checkpoint, and keeps ${before}`);
    const last = rowBefore.checkpoint;
    const isOfAttempt = keepers.get(id) === step.attempt;
    keepers.set(id, step.attempt);
    if (!isOfAttempt || last === undefined || !('objectKey' in step.checkpoint.content)) return;
    // Of one that it gave up its attempt does not know whether it was written after all.
    if (world.acting.by?.memo.untold.delete(id) || step.checkpoint.sequence !== last.sequence + 1) return;
    // The same state again is the same object, which is no help to itself.
    const isSame = last.content.sha256 === step.checkpoint.content.sha256;
    const due = isSame ? rowBefore.checkpointBefore?.sequence : last.sequence;
    if (step.before?.sequence !== due)
      judge.say(
        'W6',
        `${id} would go back from ${step.checkpoint.sequence} to ${step.before?.sequence}, and not to ${due}`,
      );
  };

  /** A message each minute for a task that nobody takes would only keep workers busy (O2). */
  const judgeSentAgain = (id: TaskId, { sentAgainAt: last, checkAt }: TaskRecord, step: TaskStep): void => {
    if (step.step !== 'check-again' || step.sentAgainAt === undefined || last === undefined) return;
    const isDue = checkAt !== undefined && checkAt <= step.sentAgainAt;
    const sinceMs = step.sentAgainAt - last;
    if (!isDue && sinceMs >= SENT_AGAIN_MS.least && sinceMs < SENT_AGAIN_MS.most)
      judge.say('O2', `${id} is sent again ${sinceMs / 1_000} s after it was`);
  };

  const judgeLook = (id: TaskId, row: TaskRecord, step: TaskStep): void => {
    if (tasks.rows.size > THIN_LOOKS_ROWS) return;
    const lateSeconds = lookIsLateBy(row, step, world.now(), world.acting.by?.kind === 'agent');
    if (lateSeconds > 0)
      judge.say('W4', `${id} is to be looked at ${lateSeconds} s later after its ${step.step} than it may be`);
  };

  const actorName = (): string => world.acting.by?.name ?? 'world';

  const noteStep = (id: TaskId, step: TaskStep, row: TaskRecord): void => {
    const because = step.step === 'fail' ? `: ${step.reason}` : '';
    const { checkAt } = row;
    const due = (): string => (checkAt === undefined ? '' : `(due ${since(checkAt)})`);
    trace.note(actorName(), `${step.step} ${id} → ${row.status}, attempt ${row.attempt}${because}`, due);
  };

  const apply: TaskLedger['apply'] = (id, step) => {
    const before = model.get(id);
    const rowBefore = tasks.rows.get(id);
    const outcome = tasks.apply(id, step);
    const row = tasks.rows.get(id);
    const { row: after, isAllowed } = modelStep(before, step);
    const expected = expectedOutcome(rowBefore, step, isAllowed);
    void outcome.then((told) => {
      judgeOutcome(id, step, expected, told);
      judgeKept(id, step, told);
    });
    if (row !== undefined && row !== rowBefore) noteStep(id, step, row);
    else trace.tell(actorName(), () => `${step.step} ${id} ${expected}: ${describeRow(row, since)}`);
    judgeActor(id, step);
    meetZombie(before, step, isAllowed);
    if (after !== undefined) model.set(id, after);
    const wrong = differences(after, row);
    if (wrong.length > 0) {
      const attempt = 'attempt' in step ? ` of attempt ${step.attempt}` : '';
      const from = `${before?.status ?? 'no row'} (attempt ${before?.attempt ?? 0})`;
      // What is wrong once is said once: from here on the model goes by the row.
      if (row !== undefined) model.set(id, modelRowOf(row));
      judge.say(
        PROMISE_OF[step.step],
        `${step.step}${attempt} on ${id}, ${from}: ${wrong.join(', ')} not as the table says`,
      );
    }
    if (!isAllowed && row !== rowBefore) {
      judge.say(
        PROMISE_OF[step.step],
        `${step.step} changed ${id}, ${before?.status ?? 'no row'}, and was not allowed`,
      );
    }
    if (row !== undefined && rowBefore !== undefined && row.attempt < rowBefore.attempt) {
      judge.say('W3', `${id} went from attempt ${rowBefore.attempt} to ${row.attempt}`);
    }
    if (row !== undefined && row !== rowBefore) {
      if (step.step === 'take') takers.set(`${id}/${row.attempt}`, step.owner);
      judgeIndex(id, row);
      if (rowBefore !== undefined) judgeFallback(id, rowBefore, step);
      if (rowBefore !== undefined) judgeSentAgain(id, rowBefore, step);
      judgeLook(id, row, step);
      if (step.step === 'release' && before !== undefined) judgeRelease(id, before);
      if (isOver(row)) judgeEnd(id, row, step);
    }
    return outcome;
  };

  return { model, ledger: { ...tasks, apply } };
};
