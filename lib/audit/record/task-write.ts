import type { TaskStatus } from '../../fleet/task.ts';
import type { Promised } from '../promises.ts';
import { ALLOWED_WHEN, type ModelRow, type ModelStep, type StepName } from '../task-model.ts';
import { type AskedCondition, readCondition, readUpdate, setTo, UNTOLD, type WrittenUpdate } from './expression.ts';
import type { RecordedCaller, RequestParameters } from './record-line.ts';

/** What is wrong with a write whatever the row it meets: it asks for less than the table does, or writes something else. */
export interface Flaw {
  readonly promise: Promised;
  readonly why: string;
  readonly allowed: string;
}

export type TaskWrite =
  | { readonly kind: 'step'; readonly step: ModelStep; readonly flaws: readonly Flaw[] }
  /** Nothing that the protocol knows of is written. */
  | { readonly kind: 'other' }
  | { readonly kind: 'no-step'; readonly flaw: Flaw };

/** What of a row only a step of the protocol may change, and which steps change it. */
const WRITTEN_BY: ReadonlyMap<string, readonly StepName[]> = new Map(
  Object.entries({
    status: ['take', 'commit', 'fail', 'hand-back', 'release', 'cancel', 'retry'],
    attempt: ['take'],
    owner: ['take', 'fail', 'hand-back', 'release', 'retry'],
    session: ['take', 'fail', 'hand-back', 'release', 'retry'],
    failures: ['fail', 'retry'],
    reclaims: ['hand-back', 'release'],
    checkpoint: ['checkpoint'],
    result: ['commit'],
  } as const),
);

const FINISHED: readonly unknown[] = ['done', 'dead', 'cancelled'];

const touched = ({ sets, grows, removes }: WrittenUpdate): ReadonlySet<string> =>
  new Set([...sets.map(({ place }) => place[0]!), ...grows.keys(), ...removes.map((place) => place[0]!)]);

const isRemoved = ({ removes }: WrittenUpdate, name: string): boolean =>
  removes.some((place) => place.length === 1 && place[0] === name);

const named = (update: WrittenUpdate, caller: RecordedCaller): StepName | undefined => {
  const status = setTo(update, 'status');
  if (status === 'running') return 'take';
  if (status === 'done') return 'commit';
  if (status === 'cancelled') return 'cancel';
  if (status === 'dead' || (status === 'ready' && update.grows.has('failures'))) return 'fail';
  if (status === 'ready' && update.grows.has('reclaims')) return caller.kind === 'agent' ? 'hand-back' : 'release';
  if (status === 'ready') return setTo(update, 'failures') === undefined ? 'hand-back' : 'retry';
  if (status !== undefined) return undefined;
  if (setTo(update, 'checkpoint') !== undefined) return 'checkpoint';
  return setTo(update, 'checkAt') === undefined ? undefined : 'check-again';
};

const onlyValue = (condition: AskedCondition, name: string): unknown => {
  const values = condition.isOneOf.get(name) ?? [];
  return values.length === 1 && values[0] !== UNTOLD ? values[0] : undefined;
};

const demands = (promise: Promised, why: string): Flaw => ({
  promise,
  why,
  allowed: 'the same with all that the table asks for in its condition',
});

/** Two writers may be at it at once: what the table asks for has to be asked in the write itself. */
function* guardFlaws(step: Exclude<StepName, 'submit'>, condition: AskedCondition): Generator<Flaw> {
  const { statuses, names } = ALLOWED_WHEN[step];
  const asked = condition.isOneOf.get('status') as readonly TaskStatus[] | undefined;
  if (asked === undefined) yield demands('W1', 'its condition does not ask for the status of the task');
  else if (!asked.every((status) => statuses.includes(status))) {
    yield demands(
      'W1',
      `its condition lets it be on a task that is ${asked.filter((one) => !statuses.includes(one)).join(' or ')}`,
    );
  }
  if (names.includes('attempt') && typeof onlyValue(condition, 'attempt') !== 'number') {
    yield demands('W2', 'its condition names no attempt');
  }
  if (names.includes('owner') && typeof onlyValue(condition, 'owner') !== 'string') {
    yield demands('W1', 'its condition names no owner');
  }
  if (names.includes('sequence') && !condition.below.has('checkpoint.sequence')) {
    yield demands('W6', 'its condition lets an older checkpoint replace a newer one');
  }
}

const writes = (promise: Promised, why: string, allowed: string): Flaw => ({ promise, why, allowed });

function* effectFlaws(step: Exclude<StepName, 'submit'>, update: WrittenUpdate): Generator<Flaw> {
  const status = setTo(update, 'status');
  const foreign = [...touched(update)].filter((name) => WRITTEN_BY.get(name)?.includes(step) === false);
  if (foreign.length > 0) {
    const promise = foreign.includes('attempt') ? 'W3' : 'W1';
    yield writes(promise, `it writes ${foreign.join(' and ')} too`, `a ${step} that writes only what is its own`);
  }
  if (step === 'take' && (update.grows.get('attempt') !== 1 || setTo(update, 'attempt') !== undefined)) {
    yield writes('W3', 'it does not raise the attempt by one', 'taking with attempt + 1');
  }
  if (step === 'take' && typeof setTo(update, 'owner') !== 'string') {
    yield writes('W2', 'it names no owner', 'taking for one machine');
  }
  if (step === 'commit' && setTo(update, 'result') === undefined) {
    yield writes('W2', 'it brings no result', 'a commit with its result');
  }
  if (step === 'fail' && update.grows.get('failures') !== 1) {
    yield writes('W5', 'it ends the task without a failure of its own', 'failing with failures + 1');
  }
  if (update.grows.has('reclaims') && update.grows.get('reclaims') !== 1) {
    yield writes('W5', 'it counts more than one reclaim', 'reclaims + 1');
  }
  if (step === 'retry' && setTo(update, 'failures') !== 0) {
    yield writes('W5', 'it does not forget the failures', 'a retry from no failures');
  }
  if (status === 'ready' && step !== 'retry' && !isRemoved(update, 'owner')) {
    yield writes('W1', 'it leaves the owner on a task that is ready', 'giving a task up together with its owner');
  }
  const isListed = setTo(update, 'checkAt') !== undefined;
  if (status === 'ready' || status === 'running') {
    if (!isListed) yield writes('W1', 'the sweep would never look at the task', 'the same with a new checkAt');
  } else if (FINISHED.includes(status) && !isRemoved(update, 'checkAt')) {
    yield writes('W1', 'the sweep would look at a finished task for ever', 'the same without checkAt');
  }
}

const FAILS_FOR_GOOD = 0;

const facts = (
  step: StepName,
  update: WrittenUpdate,
  condition: AskedCondition,
  row: ModelRow | undefined,
): ModelStep => {
  // What the condition does not name is a flaw of its own; the step is then judged as that of the row it meets.
  const attempt = (onlyValue(condition, 'attempt') as number | undefined) ?? row?.attempt ?? 0;
  const owner = (onlyValue(condition, 'owner') as string | undefined) ?? row?.owner ?? '';
  switch (step) {
    case 'submit':
    case 'cancel':
    case 'retry':
      return { step };
    case 'take':
      return { step, owner: String(setTo(update, 'owner')) };
    case 'commit':
    case 'check-again':
      return { step, attempt };
    case 'checkpoint': {
      const told = condition.below.get('checkpoint.sequence');
      // Records of earlier versions do not tell the sequence: such a checkpoint is the next one.
      return { step, attempt, checkpoint: { sequence: typeof told === 'number' ? told : (row?.sequence ?? 0) + 1 } };
    }
    case 'fail': {
      const isDead = setTo(update, 'status') === 'dead';
      return { step, attempt, failuresMax: isDead ? FAILS_FOR_GOOD : Number.POSITIVE_INFINITY };
    }
    case 'hand-back':
      return { step, attempt, owner, countsAsReclaim: update.grows.has('reclaims') };
    case 'release':
      return { step, attempt, owner };
  }
};

const noStep = (why: string): TaskWrite => ({
  kind: 'no-step',
  flaw: { promise: 'W1', why, allowed: 'the steps of the protocol, and nothing beside them' },
});

/** An update of a task's row as a step of the protocol, on the row as it stands. */
export const readTaskUpdate = (
  parameters: RequestParameters,
  caller: RecordedCaller,
  row: ModelRow | undefined,
): TaskWrite => {
  const update = readUpdate(parameters);
  if (update === undefined) return noStep('it is an update of a form that no step has');
  const step = named(update, caller);
  if (step === undefined || step === 'submit') {
    const changed = [...touched(update)].filter((name) => WRITTEN_BY.has(name));
    return changed.length === 0 ? { kind: 'other' } : noStep(`no step writes ${changed.join(', ')} like this`);
  }
  const condition = readCondition(parameters);
  return {
    kind: 'step',
    step: facts(step, update, condition, row),
    flaws: [...effectFlaws(step, update), ...guardFlaws(step, condition)],
  };
};

const NEW_ROW: Readonly<Record<string, unknown>> = { status: 'ready', attempt: 0, failures: 0, reclaims: 0 };

/** A whole row that is put: a submit. */
export const readTaskPut = (parameters: RequestParameters): TaskWrite => {
  const { item = {} } = parameters;
  const wrong = Object.keys(NEW_ROW).filter((name) => item[name] !== NEW_ROW[name]);
  const flaws: Flaw[] = [];
  if (wrong.length > 0) {
    const why = `its ${wrong.map((name) => `${name} is ${String(item[name])}`).join(', ')}`;
    flaws.push(writes('W1', why, 'a row that is ready, at attempt 0, without failures and reclaims'));
  }
  if (item['checkAt'] === undefined) {
    flaws.push(writes('W1', 'the sweep would never look at the task', 'a row with its checkAt'));
  }
  if (!readCondition(parameters).absent.has('taskId')) {
    flaws.push(demands('W1', 'its condition lets it replace a task that is there'));
  }
  return { kind: 'step', step: { step: 'submit' }, flaws };
};
