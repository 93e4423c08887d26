import type { Report } from '../finding.ts';
import type { Breach, ModelItem } from '../instance-model.ts';
import { type AskedCondition, readCondition, readUpdate, setTo, type WrittenUpdate } from './expression.ts';
import { callerOf, keyPart, nameOfCaller, type RecordLine } from './record-line.ts';

const REFUSED = 'ConditionalCheckFailedException';
const MEMBER = 'member#';

/** Reliability B17: a token may be repeated for ten minutes; one more passes while a call is under way. */
const TOKEN_MS = 660_000;

interface Head {
  generation: number;
  readonly open: Set<string>;
}

interface Asked {
  readonly wanted: string;
  readonly machines: ReadonlySet<string>;
}

export interface FleetJudgeWorld {
  readonly report: Report;
  readonly itemOf: (machine: string) => ModelItem | undefined;
}

const intentsIn = (places: readonly (readonly string[])[]): string[] =>
  places.flatMap(([name, id]) => (name === 'openIntents' && id !== undefined ? [id] : []));

/** Judges heads, places and launches: who may ask for machines, how often, and what is forgotten when. */
export class FleetJudge {
  readonly #heads = new Map<string, Head>();
  /** When each intent was opened. */
  readonly #openedAt = new Map<string, number>();
  readonly #asked = new Map<string, Asked>();
  readonly #world: FleetJudgeWorld;
  steps = 0;

  constructor(world: FleetJudgeWorld) {
    this.#world = world;
  }

  get fleets(): number {
    return this.#heads.size;
  }

  hasOpened(intent: string): boolean {
    return this.#openedAt.has(intent);
  }

  judge(line: RecordLine, number: number): void {
    const { action, outcome } = line;
    const fleet = keyPart(line, 'fleet');
    const part = keyPart(line, 'part');
    if (part === 'head') this.#judgeHead(line, number, fleet);
    if (action === 'dynamodb:DeleteItem' && outcome === 'ok' && part.startsWith(MEMBER)) {
      this.#judgeRemoval(line, number, part.slice(MEMBER.length));
    }
  }

  #judgeRemoval(line: RecordLine, number: number, machine: string): void {
    this.steps += 1;
    const item = this.#world.itemOf(machine);
    if (item === undefined || item.goneAt !== undefined) return;
    const found = 'it loses its place while it is not gone';
    this.#tell(line, number, `place of ${machine}`, { promise: 'N1', found, allowed: 'closing its run first' });
  }

  #judgeHead(line: RecordLine, number: number, fleet: string): void {
    const { action, outcome, parameters = {} } = line;
    if (action === 'dynamodb:PutItem' && outcome === 'ok') {
      this.steps += 1;
      if (this.#heads.has(fleet)) {
        const found = 'it replaces the head that is there';
        this.#tell(line, number, `head of ${fleet}`, { promise: 'N3', found, allowed: 'writing a head once' });
      }
      this.#heads.set(fleet, { generation: 0, open: new Set() });
      return;
    }
    const update = action === 'dynamodb:UpdateItem' ? readUpdate(parameters) : undefined;
    const head = this.#heads.get(fleet);
    if (update === undefined || head === undefined) return;
    const condition = readCondition(parameters);
    if (outcome === REFUSED) this.#judgeRefusal(line, number, fleet, head, condition);
    if (outcome !== 'ok') return;
    this.steps += 1;
    for (const breach of this.#headBreaches(head, update, condition)) {
      this.#tell(line, number, `head of ${fleet}`, breach);
    }
    this.#change(head, update, line.at);
  }

  *#headBreaches(head: Head, update: WrittenUpdate, condition: AskedCondition): Generator<Breach> {
    const raisedTo = setTo(update, 'generation');
    const read = condition.isOneOf.get('generation')?.[0];
    const opened = intentsIn(update.sets.map(({ place }) => place));
    const closed = intentsIn(update.removes);
    const allowed = `writing on generation ${head.generation}, and raising it by one`;
    if (opened.length > 0 && read === undefined) {
      yield { promise: 'N3', found: 'machines are asked for whatever others have asked meanwhile', allowed };
    }
    if (read !== undefined && read !== head.generation) {
      yield {
        promise: 'N3',
        found: `it is written on generation ${String(read)}, and the fleet is at ${head.generation}`,
        allowed,
      };
    }
    if (raisedTo !== undefined && raisedTo !== head.generation + 1) {
      yield { promise: 'N3', found: `it makes the generation ${String(raisedTo)}`, allowed };
    }
    for (const id of opened.filter((one) => this.#openedAt.has(one))) {
      yield {
        promise: 'N4',
        found: `intent ${id} is opened a second time`,
        allowed: 'an intent of its own for each launch',
      };
    }
    for (const id of closed.filter((one) => !head.open.has(one))) {
      yield { promise: 'N4', found: `intent ${id} is closed and is not open`, allowed: 'closing what is open' };
    }
  }

  #change(head: Head, update: WrittenUpdate, at: number): void {
    for (const id of intentsIn(update.sets.map(({ place }) => place))) {
      head.open.add(id);
      if (!this.#openedAt.has(id)) this.#openedAt.set(id, at);
    }
    for (const id of intentsIn(update.removes)) head.open.delete(id);
    const raisedTo = setTo(update, 'generation');
    head.generation = typeof raisedTo === 'number' ? raisedTo : head.generation + (update.grows.get('generation') ?? 0);
  }

  #judgeRefusal(line: RecordLine, number: number, fleet: string, head: Head, condition: AskedCondition): void {
    this.steps += 1;
    if (condition.isOneOf.get('generation')?.[0] !== head.generation) return;
    const found = 'it was refused, and is written on the generation that the fleet is at';
    this.#tell(line, number, `head of ${fleet}`, { promise: 'N3', found, allowed: 'the same, accepted' });
  }

  /** EC2 is asked for machines. */
  judgeLaunch(line: RecordLine, number: number): void {
    const caller = callerOf(line);
    if (caller.kind === 'person' || caller.kind === 'other') return;
    this.steps += 1;
    const { clientToken = '', wanted = {}, instanceIds = [] } = line.parameters ?? {};
    const asked: Asked = { wanted: JSON.stringify(wanted), machines: new Set(instanceIds) };
    for (const breach of this.#launchBreaches(line, clientToken, asked)) {
      this.#tell(line, number, `launch ${clientToken}`, breach);
    }
    if (line.outcome === 'ok' && !this.#asked.has(clientToken)) this.#asked.set(clientToken, asked);
  }

  *#launchBreaches(line: RecordLine, token: string, { wanted, machines }: Asked): Generator<Breach> {
    if (callerOf(line).kind !== 'reconcile') {
      yield { promise: 'N3', found: 'only a reconcile asks for machines', allowed: 'waking the fleet' };
    }
    const openedAt = this.#openedAt.get(token);
    if (openedAt === undefined) {
      yield { promise: 'N4', found: 'its intent is written nowhere', allowed: 'writing the intent first' };
    } else if ((line.startedAt ?? line.at) > openedAt + TOKEN_MS) {
      yield {
        promise: 'N4',
        found: 'its token is repeated more than ten minutes later',
        allowed: 'an intent of its own',
      };
    }
    const before = this.#asked.get(token);
    if (before === undefined) return;
    if (before.wanted !== wanted) {
      yield {
        promise: 'N4',
        found: `its token was sent for ${before.wanted} before`,
        allowed: 'the same request, byte for byte',
      };
    }
    const others = [...machines].filter((machine) => !before.machines.has(machine));
    if (line.outcome === 'ok' && others.length > 0) {
      yield {
        promise: 'N4',
        found: `its token brings ${others.join(' ')} beside those before`,
        allowed: 'the same machines',
      };
    }
  }

  #tell(line: RecordLine, number: number, subject: string, { promise, found, allowed }: Breach): void {
    const what = `${subject} by ${nameOfCaller(callerOf(line))}`;
    this.#world.report({ line: number, at: line.at, promise, what, why: found, allowed });
  }
}
