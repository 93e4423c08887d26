/**
 * Lines of a record, written from docs/record-format*.md by hand: what a test of the auditor hands in must not come from
 * what the auditor judges.
 */
export interface TestLine {
  readonly at: number;
  readonly kind: string;
  readonly startedAt?: number;
  readonly caller?: string;
  readonly action?: string;
  readonly outcome?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export type Outcome = 'ok' | 'ConditionalCheckFailedException';

export const REFUSED: Outcome = 'ConditionalCheckFailedException';

export const agent = (machine: string): string => `role/test-InstanceRole-1/${machine}`;
export const SIGNALS = 'role/test-SignalsRole-1/test-signals';
export const RECONCILE = 'role/test-ReconcileRole-1/test-reconcile';
export const PERSON = 'root';

const TASKS = 'test-TasksTable-1';
const INSTANCES = 'test-InstancesTable-1';

export interface Made {
  readonly at: number;
  readonly caller: string;
  readonly outcome?: Outcome;
}

const request = ({ at, caller, outcome = 'ok' }: Made, action: string, parameters: object): TestLine => ({
  at,
  kind: 'request',
  startedAt: at - 10,
  durationMs: 10,
  caller,
  service: action.split(':')[0]!,
  action,
  parameters: { ...parameters },
  status: outcome === 'ok' ? 200 : 400,
  outcome,
});

interface Expressions {
  readonly update: string;
  readonly condition: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

const taskUpdate = (made: Made, taskId: string, expressions: Expressions): TestLine =>
  request(made, 'dynamodb:UpdateItem', { table: TASKS, key: { taskId }, ...expressions });

export const submit = (made: Made, taskId: string): TestLine =>
  request(made, 'dynamodb:PutItem', {
    table: TASKS,
    key: { taskId },
    item: { form: 1, taskId, status: 'ready', attempt: 0, failures: 0, reclaims: 0, checkAt: made.at + 300_000 },
    condition: '(attribute_not_exists(#id))',
    names: { '#id': 'taskId' },
  });

export const take = (made: Made, taskId: string, owner: string): TestLine =>
  taskUpdate(made, taskId, {
    update:
      'SET #status = :running, #owner = :owner, #session = :session, #checkAt = :later, #attempt = #attempt + :one',
    condition: '(#form = :one) AND (#status = :ready)',
    names: {
      '#status': 'status',
      '#owner': 'owner',
      '#session': 'session',
      '#checkAt': 'checkAt',
      '#attempt': 'attempt',
      '#form': 'form',
    },
    values: {
      ':running': 'running',
      ':owner': owner,
      ':session': `s-${owner}`,
      ':later': made.at,
      ':one': 1,
      ':ready': 'ready',
    },
  });

export const checkpoint = (made: Made, taskId: string, attempt: number, sequence: number): TestLine =>
  taskUpdate(made, taskId, {
    update: 'SET #checkpoint = :content REMOVE #before',
    condition:
      '(#attempt = :attempt) AND (#status IN (:ready, :running)) AND (attribute_not_exists(#checkpoint) OR #checkpoint.#sequence < :sequence)',
    names: {
      '#checkpoint': 'checkpoint',
      '#before': 'checkpointBefore',
      '#attempt': 'attempt',
      '#status': 'status',
      '#sequence': 'sequence',
    },
    values: { ':attempt': attempt, ':ready': 'ready', ':running': 'running', ':sequence': sequence },
  });

export const commit = (made: Made, taskId: string, attempt: number): TestLine =>
  taskUpdate(made, taskId, {
    update: 'SET #result = :result, #status = :done, #finishedAt = :now REMOVE #checkAt, #shard',
    condition: '(#attempt = :attempt) AND (#status IN (:ready, :running))',
    names: {
      '#result': 'result',
      '#status': 'status',
      '#finishedAt': 'finishedAt',
      '#checkAt': 'checkAt',
      '#shard': 'shard',
      '#attempt': 'attempt',
    },
    values: { ':done': 'done', ':now': made.at, ':attempt': attempt, ':ready': 'ready', ':running': 'running' },
  });

const READY_AGAIN = {
  '#status': 'status',
  '#checkAt': 'checkAt',
  '#owner': 'owner',
  '#session': 'session',
  '#attempt': 'attempt',
};

export const fail = (made: Made, taskId: string, attempt: number, isDead: boolean): TestLine =>
  taskUpdate(made, taskId, {
    update: isDead
      ? 'SET #reason = :reason, #status = :dead, #failures = #failures + :one REMOVE #checkAt'
      : 'SET #reason = :reason, #status = :ready, #checkAt = :later, #failures = #failures + :one REMOVE #owner, #session',
    condition: '(#attempt = :attempt) AND (#status = :running)',
    names: { ...READY_AGAIN, '#reason': 'reason', '#failures': 'failures' },
    values: {
      ':dead': 'dead',
      ':ready': 'ready',
      ':later': made.at,
      ':one': 1,
      ':attempt': attempt,
      ':running': 'running',
    },
  });

export const giveBack = (made: Made, taskId: string, attempt: number, owner: string, counts: boolean): TestLine =>
  taskUpdate(made, taskId, {
    update: `SET #status = :ready, #checkAt = :later${counts ? ', #reclaims = #reclaims + :one' : ''} REMOVE #owner, #session`,
    condition: '(#attempt = :attempt) AND (#owner = :owner) AND (#status = :running)',
    names: { ...READY_AGAIN, ...(counts ? { '#reclaims': 'reclaims' } : {}) },
    values: {
      ':ready': 'ready',
      ':later': made.at,
      ':one': 1,
      ':attempt': attempt,
      ':owner': owner,
      ':running': 'running',
    },
  });

export const checkAgain = (made: Made, taskId: string, attempt: number): TestLine =>
  taskUpdate(made, taskId, {
    update: 'SET #checkAt = :later',
    condition: '(#attempt = :attempt) AND (#status IN (:ready, :running))',
    names: { '#checkAt': 'checkAt', '#attempt': 'attempt', '#status': 'status' },
    values: { ':later': made.at, ':attempt': attempt, ':ready': 'ready', ':running': 'running' },
  });

export const cancel = (made: Made, taskId: string): TestLine =>
  taskUpdate(made, taskId, {
    update: 'SET #status = :cancelled, #finishedAt = :now REMOVE #checkAt',
    condition: '#status IN (:ready, :running)',
    names: { '#status': 'status', '#finishedAt': 'finishedAt', '#checkAt': 'checkAt' },
    values: { ':cancelled': 'cancelled', ':now': made.at, ':ready': 'ready', ':running': 'running' },
  });

export const retry = (made: Made, taskId: string): TestLine =>
  taskUpdate(made, taskId, {
    update: 'SET #failures = :none, #status = :ready, #checkAt = :later REMOVE #owner, #session, #finishedAt, #reason',
    condition: '#status = :dead',
    names: { ...READY_AGAIN, '#failures': 'failures', '#finishedAt': 'finishedAt', '#reason': 'reason' },
    values: { ':none': 0, ':ready': 'ready', ':later': made.at, ':dead': 'dead' },
  });

const itemUpdate = (made: Made, machine: string, expressions: Expressions): TestLine =>
  request(made, 'dynamodb:UpdateItem', {
    table: INSTANCES,
    key: { instanceArn: `arn:aws:ec2:us-east-1:000000000000:instance/${machine}` },
    ...expressions,
  });

export const item = (made: Made, machine: string): TestLine =>
  request(made, 'dynamodb:PutItem', {
    table: INSTANCES,
    key: { instanceArn: `arn:aws:ec2:us-east-1:000000000000:instance/${machine}` },
    item: { form: 1, instanceId: machine, launchedAt: made.at },
    condition: 'attribute_not_exists(#arn)',
    names: { '#arn': 'instanceArn' },
  });

export const openSession = (made: Made, machine: string): TestLine =>
  itemUpdate(made, machine, {
    update: 'SET #session = :session, #heartbeatAt = :now',
    condition: '(attribute_exists(#arn)) AND (attribute_not_exists(#session) OR #session = :session)',
    names: { '#session': 'session', '#heartbeatAt': 'heartbeatAt', '#arn': 'instanceArn' },
    values: { ':session': `s-${machine}`, ':now': made.at },
  });

export const heartbeat = (made: Made, machine: string, session = `s-${machine}`): TestLine =>
  itemUpdate(made, machine, {
    update: 'SET #heartbeatAt = :now',
    condition: '#session = :session',
    names: { '#session': 'session', '#heartbeatAt': 'heartbeatAt' },
    values: { ':session': session, ':now': made.at },
  });

export const hold = (made: Made, machine: string, taskId: string, attempt: number): TestLine =>
  itemUpdate(made, machine, {
    update: 'SET #heartbeatAt = :now, #leases.#task = :attempt',
    condition:
      '(#session = :session) AND (attribute_not_exists(#drainingAt) AND attribute_not_exists(#goneAt) AND attribute_not_exists(#signals.#leave))',
    names: {
      '#heartbeatAt': 'heartbeatAt',
      '#leases': 'leases',
      '#task': taskId,
      '#session': 'session',
      '#drainingAt': 'drainingAt',
      '#goneAt': 'goneAt',
      '#signals': 'signals',
      '#leave': 'leave',
    },
    values: { ':session': `s-${machine}`, ':now': made.at, ':attempt': attempt },
  });

export const signal = (made: Made, machine: string, kind: string, drains: boolean): TestLine =>
  itemUpdate(made, machine, {
    update: `SET #signals.#kind = if_not_exists(#signals.#kind, :told)${drains ? ', #drainingAt = if_not_exists(#drainingAt, :now)' : ''}`,
    condition: 'attribute_exists(#arn)',
    names: { '#signals': 'signals', '#kind': kind, '#drainingAt': 'drainingAt', '#arn': 'instanceArn' },
    values: { ':now': made.at },
  });

/** Any other write on an item, as nobody of the service makes it. */
export const itemWrite = (
  made: Made,
  machine: string,
  update: string,
  names: Readonly<Record<string, string>>,
): TestLine =>
  itemUpdate(made, machine, {
    update,
    condition: 'attribute_exists(#arn)',
    names: { ...names, '#arn': 'instanceArn' },
    values: { ':now': made.at },
  });

export const call = (made: Made, action: string, parameters: object): TestLine => request(made, action, parameters);
