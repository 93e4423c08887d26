/**
 * A second program that reads a record, written from docs/record-format*.md alone: it shares no code with the first.
 */
export interface Recomputed {
  readonly tasks: {
    readonly submitted: number;
    readonly done: number;
    readonly dead: number;
    readonly lost: number;
    readonly doubleCommits: number;
    readonly attempts: number;
    readonly fencedOff: number;
    readonly reclaims: number;
  };
  readonly interruptions: { readonly warned: number; readonly unwarned: number; readonly rebalances: number };
  readonly instances: { readonly launched: number; readonly spot: number; readonly onDemand: number };
  readonly noticeToTaskReadyMs: readonly number[];
  /** Pids that started and never ended. */
  readonly processesLeft: readonly number[];
  readonly denied: number;
  readonly spentMicros: number;
  readonly onDemandWouldBeMicros: number;
  /** Two seconds on demand for each machine whose end was seen before it was told; nothing otherwise. */
  readonly uncertainMicros: number;
}

type Values = Readonly<Record<string, unknown>>;

interface Parameters {
  readonly table?: string;
  readonly key?: Readonly<Record<string, string>>;
  readonly update?: string;
  readonly condition?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Values;
}

/** A line of any kind, with the fields that are read here. */
export interface Line {
  readonly at: number;
  readonly kind: string;
  readonly caller?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly denied?: boolean;
  readonly parameters?: Parameters;
  readonly what?: string;
  readonly instanceId?: string;
  readonly instanceType?: string;
  readonly zone?: string;
  readonly purchase?: string;
  readonly by?: string;
  readonly runningAt?: number | null;
  readonly shuttingDownAt?: number | null;
  readonly pid?: number;
  readonly pool?: string;
  readonly microUsdPerHour?: number;
  readonly since?: number;
}

interface Row {
  status: unknown;
  attempt: number;
  commits: number;
  reclaims: number;
  owner: unknown;
}

const SECOND_MS = 1_000;
const HOUR_SECONDS = 3_600;

/** What an update sets, and by how much it lets numbers grow. */
const readUpdate = ({ update = '', names = {}, values = {} }: Parameters) => {
  const [set = ''] = update.split(/\bREMOVE\b/);
  const sets: Record<string, unknown> = {};
  const grows: Record<string, unknown> = {};
  for (const [, name, grown, value] of set.matchAll(/(#\w+) = (?:(#\w+) \+ )?(:\w+)/g)) {
    (grown === undefined ? sets : grows)[names[name!]!] = values[value!];
  }
  return { sets, grows };
};

const attemptInCondition = ({ condition = '', names = {}, values = {} }: Parameters): unknown => {
  for (const [, name, value] of condition.matchAll(/(#\w+) = (:\w+)/g)) {
    if (names[name!] === 'attempt') return values[value!];
  }
  return undefined;
};

const recomputeTasks = (lines: readonly Line[]) => {
  const rows = new Map<string, Row>();
  const notices = new Map<unknown, number>();
  const noticeToTaskReadyMs: number[] = [];
  let fencedOff = 0;
  for (const { kind, what, instanceId, at, action, outcome, parameters = {} } of lines) {
    if (kind === 'machine' && what === 'notice') notices.set(instanceId, at);
    if (kind !== 'request' || !parameters.table?.includes('TasksTable')) continue;
    const id = parameters.key?.['taskId'] ?? '';
    if (action === 'dynamodb:PutItem' && outcome === 'ok') {
      rows.set(id, { status: 'ready', attempt: 0, commits: 0, reclaims: 0, owner: undefined });
    }
    const row = rows.get(id);
    if (action !== 'dynamodb:UpdateItem' || row === undefined) continue;
    const { sets, grows } = readUpdate(parameters);
    if (outcome === 'ConditionalCheckFailedException') {
      if (sets['status'] === 'done' && attemptInCondition(parameters) !== row.attempt) fencedOff += 1;
      continue;
    }
    if (outcome !== 'ok') continue;
    row.attempt += Number(grows['attempt'] ?? 0);
    if (grows['reclaims'] === 1) {
      row.reclaims += 1;
      const notice = notices.get(row.owner);
      if (notice !== undefined) noticeToTaskReadyMs.push(at - notice);
    }
    if (sets['status'] === 'done') row.commits += 1;
    if (sets['owner'] !== undefined) row.owner = sets['owner'];
    if (sets['status'] !== undefined) row.status = sets['status'];
  }
  const all = [...rows.values()];
  const withStatus = (...statuses: string[]) => all.filter((row) => statuses.includes(String(row.status))).length;
  const total = (field: 'attempt' | 'reclaims') => all.reduce((sum, row) => sum + row[field], 0);
  return {
    noticeToTaskReadyMs,
    tasks: {
      submitted: all.length,
      done: withStatus('done'),
      dead: withStatus('dead'),
      lost: all.length - withStatus('done', 'dead', 'cancelled'),
      doubleCommits: all.filter((row) => row.commits > 1).length,
      attempts: total('attempt'),
      fencedOff,
      reclaims: total('reclaims'),
    },
  };
};

const wholeSecond = (ms: number): number => Math.floor(ms / SECOND_MS);

/** Halves up; the amounts are small enough for exact doubles. */
const toMicros = (microUsdSecondsPerHour: number): number =>
  Math.floor((2 * microUsdSecondsPerHour + HOUR_SECONDS) / (2 * HOUR_SECONDS));

const priceAt = (prices: readonly Line[], pool: string, atMs: number): number => {
  const inForce = prices.filter((line) => line.pool === pool && line.since! <= atMs).at(-1);
  if (inForce === undefined) throw new Error(`no price of ${pool} at ${atMs}`);
  return inForce.microUsdPerHour!;
};

const sumOfSeconds = (prices: readonly Line[], pool: string, from: number, seconds: number): number => {
  let sum = 0;
  for (let second = from; second < from + seconds; second++) sum += priceAt(prices, pool, second * SECOND_MS);
  return sum;
};

const ENDS = ['state-shutting-down', 'state-terminated', 'bid-evicted'];

interface EndHeard {
  toldBy?: 'event' | 'look';
  toldAt?: number;
  seenAt?: number;
  isGone?: true;
}

/** How the service learned of each machine's end. */
const endsHeard = (lines: readonly Line[]): ReadonlyMap<string, EndHeard> => {
  const heard = new Map<string, EndHeard>();
  for (const { at, action, outcome, caller = '', parameters = {} } of lines) {
    const isOfMachine = parameters.table?.includes('InstancesTable') && action === 'dynamodb:UpdateItem';
    if (!isOfMachine || outcome !== 'ok' || !parameters.update?.includes('if_not_exists')) continue;
    const id = parameters.key?.['instanceArn']?.split('/').at(-1) ?? '';
    const names = Object.values(parameters.names ?? {});
    const end = heard.get(id) ?? {};
    heard.set(id, end);
    if (end.isGone) continue;
    if (names.includes('goneAt')) end.isGone = true;
    const isLook = caller.includes('ReconcileRole');
    if (isLook && ENDS.some((name) => names.includes(name))) end.seenAt ??= at;
    if (!names.includes('state-shutting-down') || end.toldBy !== undefined) continue;
    end.toldBy = isLook ? 'look' : 'event';
    end.toldAt = at;
  }
  return heard;
};

/** Undefined when an event told of the end, so that the record's own time is the one that counts. */
const endSeenAt = (end: EndHeard | undefined): number | undefined =>
  end?.toldBy === 'event' ? undefined : end?.seenAt;

/** Seconds by which the service may have been off: an event that comes while a run is being closed is not in its sum. */
const uncertainSeconds = (heard: EndHeard | undefined, endedAt: number): number => {
  const { toldBy, toldAt = 0, seenAt } = heard ?? {};
  if (seenAt === undefined) return 0;
  if (toldBy !== 'event') return 2;
  return seenAt <= toldAt ? 2 + wholeSecond(seenAt) - wholeSecond(endedAt) : 0;
};

const recomputeMoney = (lines: readonly Line[]) => {
  const heard = endsHeard(lines);
  const prices = lines.filter((line) => line.kind === 'price');
  let spentMicros = 0;
  let onDemandWouldBeMicros = 0;
  let uncertainMicros = 0;
  for (const end of lines.filter((line) => line.kind === 'machine' && line.what === 'end')) {
    if (end.runningAt == null) continue;
    const from = wholeSecond(end.runningAt);
    const endHeard = heard.get(end.instanceId ?? '');
    const seenAt = endSeenAt(endHeard);
    const seconds = wholeSecond(seenAt ?? end.shuttingDownAt!) - from;
    const place = `${end.instanceType}/${end.zone}`;
    const isSpot = end.purchase === 'spot';
    const isFree = isSpot && end.by === 'ec2' && seconds < HOUR_SECONDS;
    const onDemandMicros = toMicros(sumOfSeconds(prices, `${place}/on-demand`, from, Math.max(60, seconds)));
    onDemandWouldBeMicros += onDemandMicros;
    const dearest = priceAt(prices, `${place}/on-demand`, end.runningAt);
    uncertainMicros += toMicros(uncertainSeconds(endHeard, end.shuttingDownAt!) * dearest);
    if (!isSpot) spentMicros += onDemandMicros;
    else if (!isFree) spentMicros += toMicros(sumOfSeconds(prices, `${place}/spot`, from, seconds));
  }
  return { spentMicros, onDemandWouldBeMicros, uncertainMicros };
};

export const recompute = (lines: readonly Line[]): Recomputed => {
  const machineLines = (what: string, purchase?: string) =>
    lines.filter(
      (line) => line.kind === 'machine' && line.what === what && (purchase === undefined || line.purchase === purchase),
    ).length;
  const pids = (kind: string) => lines.filter((line) => line.kind === kind).map((line) => line.pid!);
  const ended = new Set(pids('process-end'));
  return {
    ...recomputeTasks(lines),
    ...recomputeMoney(lines),
    interruptions: {
      warned: machineLines('notice'),
      unwarned: machineLines('kill'),
      rebalances: machineLines('rebalance'),
    },
    instances: {
      launched: machineLines('launch'),
      spot: machineLines('launch', 'spot'),
      onDemand: machineLines('launch', 'on-demand'),
    },
    processesLeft: pids('process-start').filter((pid) => !ended.has(pid)),
    denied: lines.filter((line) => line.denied === true).length,
  };
};
