import { describe, expect, it } from 'vitest';
import { fleetName, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { packContent } from '../../lib/workflows/content.ts';
import { aRecord } from '../support/records.ts';
import {
  aRow,
  awsError,
  INDEX,
  inline,
  type MemoryService,
  memoryService,
  OWNER,
  onService,
  SCRAPE,
  SESSION,
  START,
  sentIds,
} from './task-service.ts';

const STATUSES = ['ready', 'running', 'done', 'dead', 'cancelled'] as const;

const oneOfEach = async (service: MemoryService): Promise<void> => {
  for (const status of STATUSES) await aRow(service, status, status);
};

const statusOf = (service: MemoryService, name: string) => service.tasks.rows.get(taskId(name))?.status;

const anOwner = (service: MemoryService, changes: Partial<InstanceRecord> = {}): Promise<void> =>
  service.instances.create({
    ...aRecord({}),
    instanceId: OWNER,
    session: SESSION,
    heartbeatAt: START,
    leases: { [taskId('running')]: 1 },
    ...changes,
  });

describe('spothop tasks list', () => {
  it('shows what wants looking at first, with where it runs and why it is dead', async () => {
    const service = memoryService();
    await oneOfEach(service);
    const { code, stdout } = await onService(service, ['tasks', 'list']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'TASK       FLEET  STATUS     TAKEN  FAILED  FOR',
      'running    index  running        1       0   0s',
      '  on i-0123456789abcdef0',
      'ready      index  ready          0       0   0s',
      'dead       index  dead           1       1   0s',
      '  exit 1: dead is broken',
      'cancelled  index  cancelled      0       0   0s',
      'done       index  done           1       0   0s',
      '',
    ]);
  });

  it('shows only one status or one fleet where that is asked for, one JSON object a line', async () => {
    const service = memoryService();
    await oneOfEach(service);
    await aRow(service, 'elsewhere', 'ready', SCRAPE);
    const listed = async (...words: string[]) => {
      const { stdout } = await onService(service, ['tasks', 'list', '--json', ...words]);
      return stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).taskId);
    };
    expect(await listed('--status', 'ready')).toEqual(['ready', 'elsewhere']);
    expect(await listed('--status', 'ready', '--fleet', 'scrape')).toEqual(['elsewhere']);
    expect(await listed('--fleet', 'scrape')).toEqual(['elsewhere']);
  });

  it('shows no payload', async () => {
    const service = memoryService();
    await oneOfEach(service);
    const texts = await Promise.all(
      [[], ['--json']].map(async (more) => (await onService(service, ['tasks', 'list', ...more])).stdout),
    );
    expect(texts.join('')).not.toContain('{"name"');
    expect(texts.join('')).not.toContain('words');
  });

  it('says that there is more where there is', async () => {
    const service = memoryService();
    for (let index = 0; index < 12; index += 1) await aRow(service, `task-${index}`, 'ready');
    const { stdout, stderr } = await onService(service, ['tasks', 'list', '--limit', '10', '--json']);
    expect(stdout.trim().split('\n')).toHaveLength(10);
    expect(stderr).toBe('There are more than these 10; --limit shows more.\n');
  });

  it('keeps to 80 columns, and shows a long id whole', async () => {
    const service = memoryService({ fleets: [INDEX, fleetName('a-fleet-with-a-rather-long-name')] });
    const long = 'o'.repeat(70);
    await aRow(service, long, 'dead', fleetName('a-fleet-with-a-rather-long-name'));
    await aRow(service, 'short', 'ready');
    const lines = (await onService(service, ['tasks', 'list'])).stdout.split('\n');
    expect(lines).toContain(long);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('cannot be made to forge a line by a reason', async () => {
    const service = memoryService();
    const id = await aRow(service, 'a', 'running');
    await service.tasks.apply(id, {
      step: 'fail',
      attempt: 1,
      reason: 'boom\u001b[2J\nall well',
      now: START,
      failuresBefore: 0,
      failuresMax: 1,
      retryDelaySeconds: 0,
    });
    expect((await onService(service, ['tasks', 'list'])).stdout).toMatch(/^[\x20-\x7e\n]+$/);
    expect((await onService(service, ['tasks', 'show', 'a'])).stdout).toMatch(/^[\x20-\x7e\n×]+$/);
  });

  it.each([
    [['--status', 'lost'], 2],
    [['--limit', '0'], 2],
    [['--fleet', 'none'], 1],
  ])('%j is refused', async (words, code) => {
    expect((await onService(memoryService(), ['tasks', 'list', ...words])).code).toBe(code);
  });

  it('of an empty ledger says so', async () => {
    expect(await onService(memoryService(), ['tasks', 'list'])).toEqual({ code: 0, stdout: 'No tasks.\n', stderr: '' });
  });
});

describe('spothop tasks show', () => {
  it('tells everything that the row knows, and no payload', async () => {
    const service = memoryService();
    const id = await aRow(service, 'running', 'running');
    await service.tasks.apply(id, {
      step: 'checkpoint',
      attempt: 1,
      checkpoint: { sequence: 4, content: inline('{"page":12}'), share: 0.457 },
    });
    await anOwner(service);
    const { code, stdout } = await onService(service, ['tasks', 'show', 'running']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'task        running',
      'fleet       index',
      'status      running',
      'attempts    taken 1 ×, failed 0 ×, reclaimed 0 ×',
      'owner       i-0123456789abcdef0: alive, and holds it, heard 0s ago',
      'checkpoint  number 4, 11 bytes, 45 % of the work',
      'body        18 bytes',
      'submitted   2026-01-01T00:00:00.000Z (0s ago)',
      'taken       2026-01-01T00:00:00.000Z (0s ago)',
      'looked at   2026-01-01T00:00:50.000Z by the sweep, at the latest',
      '',
    ]);
  });

  it.each([
    ['alive', {}],
    ['silent', { heartbeatAt: epochMs(START - 50_000) }],
    ['gone', { goneAt: START }],
    ['does-not-hold-it', { leases: {} }],
  ])('tells whether its owner is %s', async (ownerState, changes) => {
    const service = memoryService();
    await aRow(service, 'running', 'running');
    await anOwner(service, changes);
    const { stdout } = await onService(service, ['tasks', 'show', 'running', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ owner: OWNER, ownerState });
  });

  it('shows body and result when they are asked for', async () => {
    const service = memoryService();
    const id = taskId('a');
    const body = await packContent(service.blobs, JSON.stringify({ text: 'x'.repeat(40_000) }));
    const row = { form: 1, taskId: id, fleet: INDEX, status: 'ready', attempt: 0, failures: 0, reclaims: 0 } as const;
    await service.tasks.apply(id, { step: 'submit', row: { ...row, body, submittedAt: START, checkAt: START } });
    await service.tasks.apply(id, { step: 'take', owner: OWNER, session: SESSION, now: START });
    const result = await packContent(service.blobs, '{"words":3}');
    await service.tasks.apply(id, { step: 'commit', attempt: 1, result, now: START });
    const plain = await onService(service, ['tasks', 'show', 'a']);
    expect(plain.stdout).toContain('body        40,011 bytes in S3');
    expect(plain.stdout).not.toContain('words');
    const shown = await onService(service, ['tasks', 'show', 'a', '--result']);
    expect(shown.stdout).toContain('\nresult:\n{"words":3}\n');
    const json = await onService(service, ['tasks', 'show', 'a', '--body', '--result', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      body: JSON.stringify({ text: 'x'.repeat(40_000) }),
      result: '{"words":3}',
    });
  });

  it('keeps to 80 columns', async () => {
    const service = memoryService();
    await aRow(service, 'running', 'running');
    await anOwner(service, { leases: {}, drainingAt: START });
    await aRow(service, 'dead', 'dead');
    for (const name of ['running', 'dead']) {
      const { stdout } = await onService(service, ['tasks', 'show', name]);
      expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it.each(['none', 'two words', '__proto__'])('of %j says that there is no such task', async (id) => {
    const done = await onService(memoryService(), ['tasks', 'show', id]);
    expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('the ledger has no row of it; ') });
  });
});

describe('spothop tasks retry', () => {
  it('makes the dead ready with no failures, then sends them; what is not dead is left as it is', async () => {
    const service = memoryService();
    await oneOfEach(service);
    const { code, stdout } = await onService(service, ['tasks', 'retry', ...STATUSES, 'none']);
    expect(code).toBe(1);
    expect(stdout.trim().split('\n').sort()).toEqual([
      'cancelled: left as it is: cancelled; only dead tasks can be retried',
      'dead: ready again, its failures forgotten',
      'done: left as it is: done; only dead tasks can be retried',
      'none: no task of this id is known',
      'ready: left as it is: ready; only dead tasks can be retried',
      'running: left as it is: running; only dead tasks can be retried',
    ]);
    expect(service.tasks.rows.get(taskId('dead'))).toMatchObject({ status: 'ready', failures: 0 });
    expect(await sentIds(service.queue(INDEX))).toEqual(['dead']);
  });

  it('on a dry run changes nothing', async () => {
    const service = memoryService();
    await oneOfEach(service);
    const { stdout } = await onService(service, ['tasks', 'retry', '--dry-run', 'dead', 'done']);
    expect(stdout).toContain('dead: would be ready again');
    expect(statusOf(service, 'dead')).toBe('dead');
    expect(await sentIds(service.queue(INDEX))).toEqual([]);
  });

  it('of all that are dead asks whoever is there, and keeps to the fleet', async () => {
    const service = memoryService();
    await aRow(service, 'dead-1', 'dead');
    await aRow(service, 'dead-2', 'dead');
    await aRow(service, 'elsewhere', 'dead', SCRAPE);
    const words = ['tasks', 'retry', '--all-dead', '--fleet', 'index'];
    const questions: string[] = [];
    const ask = (answer: string) => async (question: string) => {
      questions.push(question);
      return answer;
    };
    const refused = await onService(service, words, {}, { ask: ask('') });
    expect(refused).toMatchObject({ code: 1, stderr: 'Nothing was done.\n' });
    expect(questions).toEqual(['Retry 2 dead tasks? [y/N] ']);
    expect((await onService(service, words, {}, { ask: ask('y') })).code).toBe(0);
    expect(['dead-1', 'dead-2', 'elsewhere'].map((name) => statusOf(service, name))).toEqual([
      'ready',
      'ready',
      'dead',
    ]);
    expect((await onService(service, ['tasks', 'retry', '--all-dead'])).code).toBe(0);
    expect(statusOf(service, 'elsewhere')).toBe('ready');
  });

  it('after a crash before the message leaves a ready row, for the sweep to send', async () => {
    const service = memoryService();
    await aRow(service, 'dead', 'dead');
    const queue = { ...service.queue(INDEX), send: () => Promise.reject(awsError('AccessDenied', 'No sending.')) };
    const done = await onService(service, ['tasks', 'retry', 'dead'], {}, { service: { queue: () => queue } });
    expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('1 of 1 were not done') });
    expect(service.tasks.rows.get(taskId('dead'))).toMatchObject({ status: 'ready', checkAt: expect.any(Number) });
  });

  it('whose reply was lost is recognised, and the task sent', async () => {
    const service = memoryService();
    await aRow(service, 'dead', 'dead');
    let isLost = false;
    const tasks: TaskLedger = {
      ...service.tasks,
      apply: async (id, step) => {
        const outcome = await service.tasks.apply(id, step);
        if (isLost) return outcome;
        isLost = true;
        throw awsError('TimeoutError');
      },
    };
    const done = await onService(service, ['tasks', 'retry', 'dead'], {}, { service: { tasks } });
    expect(done.code).toBe(0);
    expect(await sentIds(service.queue(INDEX))).toEqual(['dead']);
  });

  it.each([[[]], [['--all-dead', 'a']]])('%j is a usage error', async (words) => {
    expect((await onService(memoryService(), ['tasks', 'retry', ...words])).code).toBe(2);
  });
});

describe('spothop tasks cancel', () => {
  it('ends what is not finished, and leaves the rest as it is', async () => {
    const service = memoryService();
    await oneOfEach(service);
    const { code, stdout } = await onService(service, ['tasks', 'cancel', ...STATUSES]);
    expect(code).toBe(1);
    expect(stdout.trim().split('\n').sort()).toEqual([
      'cancelled: left as it is: cancelled; it has ended already',
      'dead: left as it is: dead; it has ended already',
      'done: left as it is: done; it has ended already',
      'ready: cancelled; it was waiting',
      `running: cancelled; it runs on ${OWNER}, whose result will be refused`,
    ]);
    expect([statusOf(service, 'ready'), statusOf(service, 'running')]).toEqual(['cancelled', 'cancelled']);
  });

  it('of a running task has its commit, checkpoint and failure refused', async () => {
    const service = memoryService();
    const id = await aRow(service, 'running', 'running');
    expect((await onService(service, ['tasks', 'cancel', 'running'])).code).toBe(0);
    const { apply } = service.tasks;
    const limits = { failuresBefore: 0, failuresMax: 1, retryDelaySeconds: 30 };
    const outcomes = await Promise.all([
      apply(id, { step: 'commit', attempt: 1, result: inline('late'), now: START }),
      apply(id, { step: 'checkpoint', attempt: 1, checkpoint: { sequence: 1, content: inline('late') } }),
      apply(id, { step: 'fail', attempt: 1, reason: 'late', now: START, ...limits }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'refused']);
    expect(service.tasks.rows.get(id)).toMatchObject({ status: 'cancelled' });
  });

  const heldBy = (service: MemoryService) => service.instances.records.get(OWNER)?.leases;

  it('of a running task takes it out of its machine’s item, where the agent looks, and nothing else', async () => {
    const service = memoryService();
    await aRow(service, 'running', 'running');
    await anOwner(service, { leases: { [taskId('running')]: 1, [taskId('other')]: 1 } });
    expect((await onService(service, ['tasks', 'cancel', 'running'])).code).toBe(0);
    expect(heldBy(service)).toEqual({ other: 1 });
    expect(service.instances.records.get(OWNER)?.heartbeatAt).toBe(START);
  });

  it('leaves a later attempt’s lease alone', async () => {
    const service = memoryService();
    await aRow(service, 'running', 'running');
    await anOwner(service, { leases: { [taskId('running')]: 2 } });
    await onService(service, ['tasks', 'cancel', 'running']);
    expect(heldBy(service)).toEqual({ running: 2 });
  });

  it('tells the machine that has the task by then, not the one that was read', async () => {
    const service = memoryService();
    const id = await aRow(service, 'a', 'ready');
    await anOwner(service, { leases: { [id]: 1 } });
    const tasks: TaskLedger = {
      ...service.tasks,
      apply: async (taskIdAsked, step) => {
        await service.tasks.apply(id, { step: 'take', owner: OWNER, session: SESSION, now: START });
        return service.tasks.apply(taskIdAsked, step);
      },
    };
    expect((await onService(service, ['tasks', 'cancel', 'a'], {}, { service: { tasks } })).code).toBe(0);
    expect(heldBy(service)).toEqual({});
  });

  it('that could not tell the machine says so, and stands; done again, it tells', async () => {
    const service = memoryService();
    await aRow(service, 'running', 'running');
    await anOwner(service);
    const instances = { ...service.instances, dropLease: () => Promise.reject(awsError('AccessDenied')) };
    const { code, stdout } = await onService(service, ['tasks', 'cancel', 'running'], {}, { service: { instances } });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `running: cancelled; it runs on ${OWNER}, whose result will be refused; it could not be told, and goes on until its next write\n`,
    });
    expect(statusOf(service, 'running')).toBe('cancelled');
    await onService(service, ['tasks', 'cancel', 'running']);
    expect(heldBy(service)).toEqual({});
  });

  it('of a task that does not run writes to no machine', async () => {
    const service = memoryService();
    await aRow(service, 'ready', 'ready');
    const never = () => Promise.reject(new Error('asked'));
    const instances = { ...service.instances, get: never, dropLease: never };
    const { stdout } = await onService(service, ['tasks', 'cancel', 'ready'], {}, { service: { instances } });
    expect(stdout).toBe('ready: cancelled; it was waiting\n');
  });

  it('on a dry run changes nothing', async () => {
    const service = memoryService();
    await aRow(service, 'ready', 'ready');
    const { code, stdout } = await onService(service, ['tasks', 'cancel', '--dry-run', 'ready']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ready: would be cancelled; it was waiting\n' });
    expect(statusOf(service, 'ready')).toBe('ready');
  });
});
