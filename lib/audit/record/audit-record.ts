import type { TaskStatus } from '../../fleet/task.ts';
import type { Report } from '../finding.ts';
import type { ModelRow } from '../task-model.ts';
import { FleetJudge } from './judge-fleets.ts';
import { InstanceJudge } from './judge-instances.ts';
import { RunJudge } from './judge-runs.ts';
import { TaskJudge } from './judge-tasks.ts';
import { callerOf, KNOWN_KINDS, type RecordLine } from './record-line.ts';

/** What was judged of a record so far. */
export interface Judged {
  /** Steps of the protocol, whether they took effect or were refused. */
  readonly steps: number;
  readonly tasks: Readonly<Record<TaskStatus, number>>;
  readonly machines: number;
  readonly fleets: number;
  /** Lines of each kind that this version does not know: skipped. */
  readonly unknownKinds: Readonly<Record<string, number>>;
}

/** Writes that no condition can go with, and that no step is. */
const WITHOUT_CONDITION: readonly string[] = ['dynamodb:BatchWriteItem', 'dynamodb:TransactWriteItems'];

/** A judge for each table of a kind: a stack that is removed and deployed anew has other tables. */
class JudgeOfEach<Judge> {
  readonly all: Judge[] = [];
  readonly #byTable = new Map<string, Judge>();
  readonly #make: () => Judge;

  constructor(make: () => Judge) {
    this.#make = make;
  }

  of(table: string): Judge {
    const known = this.#byTable.get(table);
    if (known !== undefined) return known;
    const judge = this.#make();
    this.#byTable.set(table, judge);
    this.all.push(judge);
    return judge;
  }
}

/** A recorded run, judged line by line: what is kept is one small row for each task, machine and fleet. */
export class RecordAudit {
  readonly #report: Report;
  readonly #instances: InstanceJudge;
  readonly #tasks: JudgeOfEach<TaskJudge>;
  readonly #fleets: JudgeOfEach<FleetJudge>;
  readonly #runs: RunJudge;
  readonly #unknownKinds: Record<string, number> = {};

  constructor(report: Report) {
    this.#report = report;
    this.#tasks = new JudgeOfEach(
      () => new TaskJudge({ report, viewOf: (id, line) => this.#instances.viewOf(id, line) }),
    );
    this.#instances = new InstanceJudge({ report, taskOf: (id) => this.#taskOf(id) });
    this.#fleets = new JudgeOfEach(() => new FleetJudge({ report, itemOf: (id) => this.#instances.itemOf(id) }));
    this.#runs = new RunJudge(report);
  }

  #taskOf(id: string): ModelRow | undefined {
    return this.#tasks.all.findLast((tasks) => tasks.rows.has(id))?.rows.get(id);
  }

  #judgeLaunch(line: RecordLine, number: number): void {
    const token = line.parameters?.clientToken ?? '';
    const fleets = this.#fleets.all.find((judge) => judge.hasOpened(token)) ?? this.#fleets.all.at(-1);
    // Whoever launches without a fleet's ever having been written has written no intent either.
    (fleets ?? this.#fleets.of('')).judgeLaunch(line, number);
  }

  judge(line: RecordLine, number: number): void {
    if (line.kind === 'request') this.#judgeRequest(line, number);
    else if (line.kind === 'machine' && line.what === 'end') this.#runs.judgeEnd(line);
    else if (!KNOWN_KINDS.has(line.kind)) {
      this.#unknownKinds[line.kind] = (this.#unknownKinds[line.kind] ?? 0) + 1;
    }
  }

  #judgeRequest(line: RecordLine, number: number): void {
    const { action = '', outcome, parameters = {} } = line;
    const { table } = parameters;
    if (table !== undefined) this.#judgeTable(table, line, number);
    if (action === 'ec2:CreateFleet') this.#judgeLaunch(line, number);
    if (action === 'ec2:TerminateInstances' && outcome === 'ok') {
      for (const id of parameters.instanceIds ?? []) this.#instances.judgeEnding(line, number, id);
    }
    if (WITHOUT_CONDITION.includes(action) && outcome === 'ok') this.#judgeBatch(line, number);
  }

  /** The service's tables, by the names that the stack's template gives them. */
  #judgeTable(table: string, line: RecordLine, number: number): void {
    if (table.includes('TasksTable')) this.#tasks.of(table).judge(line, number);
    if (table.includes('InstancesTable')) this.#instances.judge(line, number);
    if (table.includes('FleetsTable')) this.#fleets.of(table).judge(line, number);
    if (table.includes('LedgerTable')) this.#runs.judge(line, number);
  }

  #judgeBatch(line: RecordLine, number: number): void {
    const tables = (line.parameters?.tables ?? []).map(({ table }) => table);
    const ours = tables.filter((table) => /(?:Tasks|Instances|Fleets|Ledger)Table/.test(table));
    if (ours.length === 0) return;
    const caller = callerOf(line);
    this.#report({
      line: number,
      at: line.at,
      promise: 'W1',
      what: `${line.action} by ${caller.kind === 'agent' ? caller.machine : caller.kind}`,
      why: `it writes to ${ours.join(' and ')} without any condition`,
      allowed: 'one conditional write on one item',
    });
  }

  judged(): Judged {
    const tasks = this.#tasks.all;
    const fleets = this.#fleets.all;
    const judges = [...tasks, ...fleets, this.#instances, this.#runs];
    const counts = { ready: 0, running: 0, done: 0, dead: 0, cancelled: 0 };
    for (const { rows } of tasks) for (const { status } of rows.values()) counts[status] += 1;
    return {
      steps: judges.reduce((sum, { steps }) => sum + steps, 0),
      tasks: counts,
      machines: this.#instances.machines,
      fleets: fleets.reduce((sum, judge) => sum + judge.fleets, 0),
      unknownKinds: this.#unknownKinds,
    };
  }
}
