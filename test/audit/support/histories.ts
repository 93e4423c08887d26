import fc from 'fast-check';
import * as line from './lines.ts';

/** A small world that knows by itself what may happen in it: histories of it are good records. */

export const MACHINES = ['i-000000000000000a1', 'i-000000000000000b2', 'i-000000000000000c3'] as const;
const TASKS = ['task.1', 'task-2', 'batch/task 3'] as const;

interface Row {
  status: 'ready' | 'running' | 'done' | 'dead' | 'cancelled';
  attempt: number;
  taker?: string | undefined;
  sequence: number;
}

interface Machine {
  readonly id: string;
  isDraining: boolean;
  heardAt: number;
  readonly held: Map<string, number>;
}

interface Draw {
  readonly does: (typeof DOES)[number];
  readonly task: number;
  readonly machine: number;
  readonly isLate: boolean;
}

const DOES = [
  'submit',
  'take',
  'take',
  'take',
  'take',
  'checkpoint',
  'commit',
  'fail',
  'die',
  'hand-back',
  'release',
  'check-again',
  'cancel',
  'retry',
  'heartbeat',
  'pause',
  'drain',
] as const;

const draws: fc.Arbitrary<Draw> = fc.record({
  does: fc.constantFrom(...DOES),
  task: fc.integer({ min: 0, max: TASKS.length - 1 }),
  machine: fc.integer({ min: 0, max: MACHINES.length - 1 }),
  isLate: fc.constantFrom(false, false, false, true),
});

class World {
  readonly lines: line.TestLine[] = [];
  readonly #rows = new Map<string, Row>();
  readonly #machines: readonly Machine[];
  #now = 1_800_000_000_000;

  constructor() {
    this.#machines = MACHINES.map((id) => ({ id, isDraining: false, heardAt: this.#now, held: new Map() }));
    for (const machine of this.#machines) {
      this.lines.push(line.item(this.#by(line.RECONCILE), machine.id));
      this.lines.push(line.openSession(this.#by(line.agent(machine.id)), machine.id));
      machine.heardAt = this.#now;
    }
    for (const id of TASKS) this.play({ does: 'submit', task: TASKS.indexOf(id), machine: 0, isLate: false });
  }

  #by(caller: string, isAllowed = true): line.Made {
    this.#now += 100;
    return { at: this.#now, caller, outcome: isAllowed ? 'ok' : line.REFUSED };
  }

  play({ does, task, machine, isLate }: Draw): void {
    const id = TASKS[task]!;
    const row = this.#rows.get(id);
    const at = this.#machines[machine]!;
    if (does === 'submit') this.#submit(id, row);
    else if (does === 'heartbeat') this.#heartbeat(at);
    else if (does === 'drain') this.#drain(at);
    else if (does === 'pause') this.#now += 200_000;
    else if (row !== undefined)
      this.#step(does, id, row, at, isLate && row.attempt > 0 ? row.attempt - 1 : row.attempt);
  }

  #submit(id: string, row: Row | undefined): void {
    this.lines.push(line.submit(this.#by(line.PERSON, row === undefined), id));
    if (row === undefined) this.#rows.set(id, { status: 'ready', attempt: 0, sequence: 0 });
  }

  #heartbeat(machine: Machine): void {
    this.lines.push(line.heartbeat(this.#by(line.agent(machine.id)), machine.id));
    machine.heardAt = this.#now;
  }

  #drain(machine: Machine): void {
    this.lines.push(line.signal(this.#by(line.SIGNALS), machine.id, 'spot-interruption', true));
    machine.isDraining = true;
  }

  /** Whose attempt it is makes the step; a late one is of an attempt before, which is told apart by its number alone. */
  #step(does: Draw['does'], id: string, row: Row, machine: Machine, attempt: number): void {
    if (does === 'take') this.#take(id, row, machine);
    else if (does === 'release') this.#release(id, row, attempt);
    else if (does === 'cancel' || does === 'retry') this.#operate(does, id, row);
    else if (does === 'check-again') {
      const isAllowed = attempt === row.attempt && (row.status === 'ready' || row.status === 'running');
      this.lines.push(line.checkAgain(this.#by(line.RECONCILE, isAllowed), id, attempt));
    } else if (row.taker !== undefined) this.#settle(does, id, row, row.taker, attempt);
  }

  #operate(does: 'cancel' | 'retry', id: string, row: Row): void {
    const isAllowed = does === 'retry' ? row.status === 'dead' : row.status === 'ready' || row.status === 'running';
    const made = this.#by(line.PERSON, isAllowed);
    this.lines.push(does === 'retry' ? line.retry(made, id) : line.cancel(made, id));
    if (isAllowed) Object.assign(row, { status: does === 'retry' ? 'ready' : 'cancelled' });
  }

  /** Steps of whoever has the attempt; a late one is of an attempt before, which is told apart by its number alone. */
  #settle(does: Draw['does'], id: string, row: Row, taker: string, attempt: number): void {
    const isOurs = attempt === row.attempt;
    const isOpen = isOurs && (row.status === 'ready' || row.status === 'running');
    const isRunning = isOurs && row.status === 'running';
    const isAllowed = does === 'checkpoint' || does === 'commit' ? isOpen : isRunning;
    const made = this.#by(line.agent(taker), isAllowed);
    if (does === 'checkpoint') this.lines.push(line.checkpoint(made, id, attempt, row.sequence + 1));
    if (does === 'commit') this.lines.push(line.commit(made, id, attempt));
    if (does === 'fail' || does === 'die') this.lines.push(line.fail(made, id, attempt, does === 'die'));
    if (does === 'hand-back') this.lines.push(line.giveBack(made, id, attempt, taker, true));
    if (!isAllowed) return;
    if (does === 'checkpoint') row.sequence += 1;
    else row.status = does === 'commit' ? 'done' : does === 'die' ? 'dead' : 'ready';
  }

  #take(id: string, row: Row, machine: Machine): void {
    const isAllowed = row.status === 'ready';
    this.lines.push(line.take(this.#by(line.agent(machine.id), isAllowed), id, machine.id));
    if (!isAllowed) return;
    Object.assign(row, { status: 'running', attempt: row.attempt + 1, taker: machine.id });
    this.lines.push(line.hold(this.#by(line.agent(machine.id), !machine.isDraining), machine.id, id, row.attempt));
    machine.heardAt = machine.isDraining ? machine.heardAt : this.#now;
    if (!machine.isDraining) {
      machine.held.set(id, row.attempt);
      return;
    }
    const made = this.#by(line.agent(machine.id));
    this.lines.push(line.giveBack(made, id, row.attempt, machine.id, false));
    row.status = 'ready';
  }

  /** Only what the table lets the service take: of a machine that drains or is silent. */
  #release(id: string, row: Row, attempt: number): void {
    const owner = this.#machines.find((machine) => machine.id === row.taker);
    if (owner === undefined) return;
    const isAllowed = row.status === 'running' && attempt === row.attempt;
    if (isAllowed && !owner.isDraining && this.#now - owner.heardAt < 60_000) return;
    this.lines.push(line.giveBack(this.#by(line.RECONCILE, isAllowed), id, attempt, owner.id, true));
    if (isAllowed) row.status = 'ready';
  }
}

/** A record in which everything is as the protocol has it. */
export const goodRecords: fc.Arbitrary<readonly line.TestLine[]> = fc
  .array(draws, { minLength: 10, maxLength: 40, size: 'max' })
  .map((sequence) => {
    const world = new World();
    for (const draw of sequence) world.play(draw);
    return world.lines;
  });
