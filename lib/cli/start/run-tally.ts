import type { RecordLine } from '../../local/service.ts';

/** What one task went through, as the record tells it. */
export interface TaskTally {
  status: 'ready' | 'running' | 'done' | 'dead' | 'cancelled';
  attempt: number;
  commits: number;
  reclaims: number;
  owner?: string;
}

export interface MachineTally {
  readonly instanceId: string;
  readonly purchase: 'spot' | 'on-demand';
  readonly pool: string;
  launchedAt: number;
  runningAt?: number;
  noticeAt?: number;
  drainingAt?: number;
  endedAt?: number;
}

/** Everything the live view and the summary show, added up line by line from the record alone. */
export interface RunTally {
  readonly tasks: Map<string, TaskTally>;
  readonly machines: Map<string, MachineTally>;
  readonly prices: Map<string, number>;
  readonly scripted: string[];
  fencedOff: number;
  warned: number;
  unwarned: number;
  rebalances: number;
  /** Milliseconds of service time, one entry for each interruption. */
  readonly noticeToDraining: number[];
  readonly noticeToTaskReady: number[];
  readonly noticeToReplacementAsked: number[];
  /** Notices for which no launch has been asked since. */
  readonly unanswered: number[];
}

export const newTally = (): RunTally => ({
  tasks: new Map(),
  machines: new Map(),
  prices: new Map(),
  scripted: [],
  fencedOff: 0,
  warned: 0,
  unwarned: 0,
  rebalances: 0,
  noticeToDraining: [],
  noticeToTaskReady: [],
  noticeToReplacementAsked: [],
  unanswered: [],
});

interface Parameters {
  readonly table?: string;
  readonly key?: Readonly<Record<string, string>>;
  readonly item?: Readonly<Record<string, unknown>>;
  readonly update?: string;
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

const ASSIGNMENT = /(#\w+(?:\.#\w+)*) = (?:if_not_exists\([^,]+, )?(:\w+)/g;

/** The attributes that an expression sets or compares, under their own names. */
const assignments = (expression: string | undefined, parameters: Parameters): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    [...(expression ?? '').matchAll(ASSIGNMENT)].map(([, path, placeholder]) => [
      path!
        .split('.')
        .map((part) => parameters.names?.[part] ?? part)
        .join('.'),
      parameters.values?.[placeholder!],
    ]),
  );

const raises = (parameters: Parameters, attribute: string): boolean => {
  const placeholder = Object.entries(parameters.names ?? {}).find(([, name]) => name === attribute)?.[0];
  return placeholder !== undefined && (parameters.update ?? '').includes(`${placeholder} = ${placeholder} + `);
};

const REFUSED = 'ConditionalCheckFailedException';

const releasedAfterNotice = (tally: RunTally, task: TaskTally, at: number): void => {
  const notice = task.owner === undefined ? undefined : tally.machines.get(task.owner)?.noticeAt;
  if (notice !== undefined) tally.noticeToTaskReady.push(at - notice);
};

const countTaskUpdate = (tally: RunTally, parameters: Parameters, outcome: string, at: number): void => {
  const task = tally.tasks.get(parameters.key?.['taskId'] ?? '');
  if (task === undefined) return;
  const set = assignments(parameters.update, parameters);
  if (outcome === REFUSED) {
    // A commit whose reply was lost is refused as well, and stands: its attempt is the row's.
    const { attempt } = assignments(parameters.condition, parameters);
    if (set['status'] === 'done' && attempt !== task.attempt) tally.fencedOff += 1;
    return;
  }
  if (outcome !== 'ok') return;
  if (set['status'] === 'running') {
    task.attempt += 1;
    task.owner = String(set['owner']);
  }
  if (set['status'] === 'done') task.commits += 1;
  if (raises(parameters, 'reclaims')) {
    task.reclaims += 1;
    releasedAfterNotice(tally, task, at);
  }
  if (typeof set['status'] === 'string') task.status = set['status'] as TaskTally['status'];
};

const countInstanceUpdate = (tally: RunTally, parameters: Parameters, at: number): void => {
  const id = (parameters.key?.['instanceArn'] ?? '').split('/').at(-1)!;
  const machine = tally.machines.get(id);
  const drains = 'drainingAt' in assignments(parameters.update, parameters);
  if (machine === undefined || !drains || machine.drainingAt !== undefined) return;
  machine.drainingAt = at;
  if (machine.noticeAt !== undefined) tally.noticeToDraining.push(at - machine.noticeAt);
};

const countRequest = (tally: RunTally, tables: DemoTables, line: RecordLine): void => {
  const parameters = (line['parameters'] ?? {}) as Parameters;
  const outcome = String(line['outcome']);
  if (line['action'] === 'ec2:CreateFleet' && outcome === 'ok') {
    for (const notice of tally.unanswered.splice(0)) tally.noticeToReplacementAsked.push(line.at - notice);
  }
  if (line['action'] === 'dynamodb:PutItem' && parameters.table === tables.tasks && outcome === 'ok') {
    tally.tasks.set(parameters.key!['taskId']!, { status: 'ready', attempt: 0, commits: 0, reclaims: 0 });
  }
  if (line['action'] !== 'dynamodb:UpdateItem') return;
  if (parameters.table === tables.tasks) countTaskUpdate(tally, parameters, outcome, line.at);
  if (parameters.table === tables.instances && outcome === 'ok') countInstanceUpdate(tally, parameters, line.at);
};

const countMachine = (tally: RunTally, line: RecordLine): void => {
  const instanceId = String(line['instanceId']);
  if (line['what'] === 'launch') {
    const purchase = line['purchase'] as MachineTally['purchase'];
    const pool = `${line['instanceType']}/${line['zone']}/${purchase}`;
    tally.machines.set(instanceId, { instanceId, purchase, pool, launchedAt: line.at });
    return;
  }
  const machine = tally.machines.get(instanceId);
  if (machine === undefined) return;
  if (line['what'] === 'running') machine.runningAt = line.at;
  if (line['what'] === 'rebalance') tally.rebalances += 1;
  if (line['what'] === 'kill') {
    tally.unwarned += 1;
    machine.endedAt ??= line.at;
  }
  if (line['what'] === 'reclaim') machine.endedAt ??= line.at;
  if (line['what'] === 'end') machine.endedAt ??= Number(line['shuttingDownAt'] ?? line.at);
  if (line['what'] !== 'notice') return;
  tally.warned += 1;
  machine.noticeAt = line.at;
  tally.unanswered.push(line.at);
};

export interface DemoTables {
  readonly tasks: string;
  readonly instances: string;
}

/** Adds one line of the record to the tally. */
export const countLine = (tally: RunTally, tables: DemoTables, line: RecordLine): void => {
  if (line.kind === 'request') countRequest(tally, tables, line);
  if (line.kind === 'machine') countMachine(tally, line);
  if (line.kind === 'price') tally.prices.set(String(line['pool']), Number(line['microUsdPerHour']));
  if (line.kind === 'scripted') tally.scripted.push(String(line['description']));
};

export const tasksWith = (tally: RunTally, status: TaskTally['status']): number =>
  [...tally.tasks.values()].filter((task) => task.status === status).length;

export const livingMachines = (tally: RunTally): readonly MachineTally[] =>
  [...tally.machines.values()].filter((machine) => machine.endedAt === undefined);
