import type { SignalKind } from '../../fleet/signal.ts';
import type { Report } from '../finding.ts';
import { type Breach, changeBreaches, endingBreaches, type ModelItem } from '../instance-model.ts';
import { type AskedCondition, readCondition, readUpdate, UNTOLD, type WrittenUpdate } from './expression.ts';
import { ItemHistory, type ItemView } from './item-view.ts';
import { callerOf, keyPart, nameOfCaller, type RecordedCaller, type RecordLine } from './record-line.ts';

const REFUSED = 'ConditionalCheckFailedException';

/** Signals that may be taken back: a change that was cancelled, and our own change of mind. */
const WITHDRAWN: readonly string[] = ['leave', 'scheduled-change'];

/** What stands in a lease or a moment that the record leaves out: it is there, and equal to nothing. */
const toldNumber = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);

export interface InstanceJudgeWorld {
  readonly report: Report;
  /** The attempt that a task is at, and who has it; nothing for one that was never submitted. */
  readonly taskOf: (
    id: string,
  ) => { readonly attempt: number; readonly status: string; readonly owner: string | undefined } | undefined;
}

interface Written {
  readonly line: RecordLine;
  readonly number: number;
  readonly id: string;
  readonly caller: RecordedCaller;
}

const NEW_ITEM: ModelItem = { leases: {}, signals: {} };

const written = (item: ModelItem, { sets, removes }: WrittenUpdate): ModelItem => {
  const leases = { ...item.leases };
  const signals: Partial<Record<SignalKind, unknown>> = { ...item.signals };
  const plain: { session?: string | undefined; drainingAt?: number | undefined; goneAt?: number | undefined } = {
    session: item.session,
    drainingAt: item.drainingAt,
    goneAt: item.goneAt,
  };
  for (const { place, value, isFirstOnly } of sets) {
    const [name, part] = place as [string, string | undefined];
    if (name === 'leases' && part !== undefined) leases[part] = toldNumber(value);
    if (name === 'signals' && part !== undefined) signals[part as SignalKind] = true;
    if (name === 'session') plain.session = value === UNTOLD ? 'one that is not told' : String(value);
    if (name === 'drainingAt' || name === 'goneAt') {
      plain[name] = isFirstOnly && item[name] !== undefined ? item[name] : toldNumber(value);
    }
  }
  for (const [name, part] of removes as readonly [string, string | undefined][]) {
    if (name === 'leases' && part !== undefined) delete leases[part];
    if (name === 'signals' && part !== undefined) delete signals[part as SignalKind];
    if (part === undefined && (name === 'session' || name === 'drainingAt' || name === 'goneAt'))
      plain[name] = undefined;
  }
  return { ...plain, leases, signals };
};

const holdsOf = ({ sets }: WrittenUpdate): readonly (readonly [string, number])[] =>
  sets.flatMap(({ place, value }) =>
    place.length === 2 && place[0] === 'leases' ? [[place[1]!, toldNumber(value)]] : [],
  );

const writesOf = ({ sets, removes }: WrittenUpdate, name: string): boolean =>
  [...sets.map(({ place }) => place), ...removes].some(([first]) => first === name);

/** Judges every write on every machine's item. */
export class InstanceJudge {
  readonly #items = new Map<string, ItemHistory>();
  readonly #world: InstanceJudgeWorld;
  steps = 0;

  constructor(world: InstanceJudgeWorld) {
    this.#world = world;
  }

  get machines(): number {
    return this.#items.size;
  }

  itemOf(id: string): ModelItem | undefined {
    return this.#items.get(id)?.current?.item;
  }

  viewOf(id: string, line: RecordLine): ItemView | undefined {
    return this.#items.get(id)?.viewAt(line.startedAt ?? line.at);
  }

  judge(line: RecordLine, number: number): void {
    const { action, outcome, parameters = {} } = line;
    const id = keyPart(line, 'instanceArn').split('/').at(-1)!;
    const by: Written = { line, number, id, caller: callerOf(line) };
    if (action === 'dynamodb:PutItem' && outcome === 'ok') this.#put(by);
    if (action === 'dynamodb:DeleteItem' && outcome === 'ok' && this.#items.has(id)) {
      this.#tell(by, 'deletion', { promise: 'N1', found: 'an item is never deleted', allowed: 'marking it as gone' });
    }
    if (action !== 'dynamodb:UpdateItem') return;
    const update = readUpdate(parameters);
    if (update === undefined) return;
    if (outcome === REFUSED) this.#refused(by, update, readCondition(parameters));
    if (outcome === 'ok') this.#updated(by, update, readCondition(parameters));
  }

  #put(by: Written): void {
    this.steps += 1;
    const { id, line } = by;
    const { item = {} } = line.parameters ?? {};
    if (this.#items.has(id)) {
      this.#tell(by, 'item', {
        promise: 'N1',
        found: 'it replaces the item that is there',
        allowed: 'writing an item once',
      });
    }
    if (by.caller.kind === 'agent') {
      this.#tell(by, 'item', {
        promise: 'S1',
        found: 'an agent waits for its item',
        allowed: 'the reconcile’s writing it',
      });
    }
    const history = new ItemHistory();
    history.write(NEW_ITEM, toldNumber(item['launchedAt']), line.at);
    this.#items.set(id, history);
  }

  #updated(by: Written, update: WrittenUpdate, condition: AskedCondition): void {
    this.steps += 1;
    const { id, line, caller } = by;
    const history = this.#items.get(id);
    const before = history?.current;
    if (history === undefined || before === undefined) {
      this.#tell(by, 'update', { promise: 'N1', found: 'the machine has no item', allowed: 'writing its item' });
      return;
    }
    if (caller.kind === 'agent' && caller.machine !== id) {
      this.#tell(by, 'update', { promise: 'S1', found: 'it is another machine’s item', allowed: `writes of ${id}` });
    }
    const after = written(before.item, update);
    // Whether a fleet drains when advised stands in its fleet file, which no record holds.
    for (const breach of changeBreaches(before.item, after, { drainsWhenAdvised: true }))
      this.#tell(by, 'update', breach);
    for (const breach of this.#writeBreaches(before.item, update, condition)) this.#tell(by, 'update', breach);
    const heardAt = update.sets.find(({ place }) => place[0] === 'heartbeatAt')?.value;
    history.write(after, typeof heardAt === 'number' ? heardAt : before.heardAt, line.at);
  }

  *#writeBreaches(before: ModelItem, update: WrittenUpdate, condition: AskedCondition): Generator<Breach> {
    for (const { place, isFirstOnly } of update.sets) {
      const [name, part] = place;
      if (isFirstOnly || (name !== 'signals' && name !== 'drainingAt' && name !== 'goneAt')) continue;
      const found = `it replaces ${part ?? name}, should that be there already`;
      yield { promise: 'N5', found, allowed: 'recording what comes first' };
    }
    for (const [name, part = ''] of update.removes) {
      if (name !== 'signals' || WITHDRAWN.includes(part)) continue;
      yield { promise: 'N5', found: `it takes ${part} back`, allowed: `taking back ${WITHDRAWN.join(' or ')}` };
    }
    yield* this.#holdBreaches(update, condition);
    yield* this.#sessionBreaches(before, update, condition);
  }

  *#holdBreaches(update: WrittenUpdate, condition: AskedCondition): Generator<Breach> {
    const holds = holdsOf(update);
    if (holds.length === 0) return;
    const unasked = ['drainingAt', 'goneAt', 'signals.leave'].filter((place) => !condition.absent.has(place));
    if (unasked.length > 0) {
      const found = `its condition lets tasks be held in spite of ${unasked.join(' and ')}`;
      yield { promise: 'N6', found, allowed: 'the same with all that the table asks for in its condition' };
    }
    for (const [id, attempt] of holds) {
      const task = this.#world.taskOf(id);
      if (task !== undefined && task.attempt >= attempt) continue;
      const found = `it holds attempt ${attempt} of ${id}, which is at attempt ${task?.attempt ?? 0}`;
      yield { promise: 'W2', found, allowed: 'holding what was taken' };
    }
  }

  *#sessionBreaches(before: ModelItem, update: WrittenUpdate, condition: AskedCondition): Generator<Breach> {
    if (!writesOf(update, 'heartbeatAt') && holdsOf(update).length === 0) return;
    const asked = condition.isOneOf.get('session')?.[0] ?? condition.absentOr.get('session');
    if (asked === undefined) {
      yield {
        promise: 'N6',
        found: 'its condition names no session',
        allowed: 'writes of the session that has the machine',
      };
    } else if (before.session !== undefined && asked !== before.session) {
      yield {
        promise: 'N6',
        found: `it is of session ${String(asked)}`,
        allowed: `writes of session ${before.session}`,
      };
    } else if (before.session === undefined && !writesOf(update, 'session')) {
      yield { promise: 'N6', found: 'no session is open', allowed: 'opening a session first' };
    }
  }

  /** Heartbeats and holds are refused to other sessions, and holds on a machine on its way out. */
  #refused(by: Written, update: WrittenUpdate, condition: AskedCondition): void {
    const item = this.itemOf(by.id);
    const asked = condition.isOneOf.get('session')?.[0];
    if (item === undefined || asked === undefined) return;
    this.steps += 1;
    const isClosed = item.drainingAt !== undefined || item.goneAt !== undefined || item.signals.leave !== undefined;
    if (item.session !== asked || (holdsOf(update).length > 0 && isClosed)) return;
    const found = 'it was refused, and the table allows it: the item is not what the steps before have made of it';
    this.#tell(by, 'update', { promise: 'N6', found, allowed: 'the same, accepted' });
  }

  /** EC2 is asked to end machines. A person with the rights may; of the service only a reconcile, and by the rules. */
  judgeEnding(line: RecordLine, number: number, id: string): void {
    const by: Written = { line, number, id, caller: callerOf(line) };
    if (by.caller.kind === 'person' || by.caller.kind === 'other') return;
    this.steps += 1;
    const allowed = 'ending by a reconcile, of a machine that has its item';
    if (by.caller.kind !== 'reconcile') {
      this.#tell(by, 'ending', { promise: 'N2', found: 'no event alone ends a machine', allowed });
    }
    const view = this.viewOf(id, line);
    if (view === undefined) this.#tell(by, 'ending', { promise: 'N2', found: 'it has no item', allowed });
    const breach = view?.everyReading((item, silentMs) => [...endingBreaches(item, silentMs)][0]);
    if (breach !== undefined) this.#tell(by, 'ending', breach);
  }

  #tell({ line, number, id, caller }: Written, name: string, { promise, found, allowed }: Breach): void {
    const what = `${name} of ${id} by ${nameOfCaller(caller)}`;
    this.#world.report({ line: number, at: line.at, promise, what, why: found, allowed });
  }
}
