import { describe, expect, it } from 'vitest';
import { taskId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import {
  aRow,
  awsError,
  INDEX,
  type MemoryService,
  memoryService,
  onService,
  SCRAPE,
  START,
  sentIds,
} from './task-service.ts';

const FINISHED_AND_NOT = ['ready', 'running', 'done', 'dead', 'cancelled'] as const;

const bury = async (service: MemoryService, name: string): Promise<void> =>
  service.deadLetters(INDEX).send(taskId(name));

/** A dead-letter queue with everything in it that can be: a task of each status, one unknown, one of another fleet, two that are not ours. */
const everything = async (): Promise<MemoryService> => {
  const service = memoryService();
  for (const status of FINISHED_AND_NOT) {
    await aRow(service, status, status);
    await bury(service, status);
  }
  await aRow(service, 'elsewhere', 'dead', SCRAPE);
  await bury(service, 'elsewhere');
  await bury(service, 'unheard-of');
  service.deadLetters(INDEX).sendBody('{"confidential":1}');
  service.deadLetters(INDEX).sendBody('{"spothop":9,"taskId":"dead"}');
  return service;
};

const statuses = (service: MemoryService) =>
  Object.fromEntries([...service.tasks.rows.values()].map(({ taskId: id, status }) => [id, status]));

const jsonLines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const REDRIVE = ['dlq', 'redrive', '--fleet', 'index'];

describe('spothop dlq list', () => {
  it('joins each message with the ledger, and says what a redrive would do', async () => {
    const service = await everything();
    const { code, stdout } = await onService(service, ['dlq', 'list', '--fleet', 'index']);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual([
      'TASK                 LEDGER SAYS  FAILED  A REDRIVE WOULD',
      'ready                ready             0  bring back',
      'running              running           0  bring back',
      'done                 done              0  remove',
      'dead                 dead              1  retry',
      '  exit 1: dead is broken',
      'cancelled            cancelled         0  remove',
      'elsewhere            unknown              leave',
      'unheard-of           unknown              leave',
      '(message message-8)  not ours             leave',
      '(message message-9)  not ours             leave',
      '',
    ]);
  });

  it('shows no payload, changes nothing, and hides nothing afterwards', async () => {
    const service = await everything();
    const first = await onService(service, ['dlq', 'list', '--fleet', 'index', '--json']);
    expect(jsonLines(first.stdout)).toHaveLength(9);
    expect(first.stdout).not.toContain('confidential');
    const second = await onService(service, ['dlq', 'list', '--fleet', 'index', '--json']);
    expect(jsonLines(second.stdout)).toHaveLength(9);
  });

  it('shows so many, and says that there are more', async () => {
    const service = await everything();
    const done = await onService(service, ['dlq', 'list', '--fleet', 'index', '--json', '--limit', '3']);
    expect(jsonLines(done.stdout)).toHaveLength(3);
    expect(done.stderr).toBe('There are more than these 3; --limit shows more.\n');
    expect((await service.deadLetters(INDEX).backlog()).waiting).toBe(9);
  });

  it('of nothing says so', async () => {
    const done = await onService(memoryService(), ['dlq', 'list', '--fleet', 'index']);
    expect(done).toEqual({ code: 0, stdout: 'No dead letters of fleet index.\n', stderr: '' });
  });
});

describe('spothop dlq show', () => {
  it('says why a task was given up and what the ledger knows of it', async () => {
    const service = await everything();
    const { code, stdout } = await onService(service, ['dlq', 'show', '--fleet', 'index', 'dead']);
    expect(code).toBe(0);
    expect(stdout).toContain('exit 1: dead is broken');
    expect(stdout).toContain('attempts    taken 1 ×, failed 1 ×, reclaimed 0 ×');
  });

  it('of a task without a dead letter says so', async () => {
    const done = await onService(await everything(), ['dlq', 'show', '--fleet', 'index', 'none']);
    expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('no dead letter of fleet index names it') });
  });
});

describe('spothop dlq redrive --all', () => {
  it('does to each message what the ledger says of its task, and leaves alone what it does not know', async () => {
    const service = await everything();
    const { code, stdout, stderr } = await onService(service, [...REDRIVE, '--all', '--json']);
    expect(code).toBe(1);
    expect(jsonLines(stdout).map(({ outcome, taskId: id }) => [id, outcome])).toEqual([
      ['ready', 'brought-back'],
      ['running', 'brought-back'],
      ['done', 'removed'],
      ['dead', 'retried'],
      ['cancelled', 'removed'],
      ['elsewhere', 'left-unknown'],
      ['unheard-of', 'left-unknown'],
      [undefined, 'left-foreign'],
      [undefined, 'left-foreign'],
    ]);
    expect(stderr).toBe('1 retried, 2 brought back, 2 removed, 4 left alone.\n');
    expect(statuses(service)).toEqual({
      ready: 'ready',
      running: 'running',
      done: 'done',
      dead: 'ready',
      cancelled: 'cancelled',
      elsewhere: 'dead',
    });
    expect(await sentIds(service.queue(INDEX))).toEqual(['ready', 'running', 'dead']);
    expect(await service.deadLetters(INDEX).backlog()).toEqual({ waiting: 4, inFlight: 0, delayed: 0 });
  });

  it('a second time changes nothing', async () => {
    const service = await everything();
    await onService(service, [...REDRIVE, '--all']);
    await sentIds(service.queue(INDEX));
    const before = new Map(service.tasks.rows);
    const again = await onService(service, [...REDRIVE, '--all']);
    expect(again.stderr).toBe('0 retried, 0 brought back, 0 removed, 4 left alone.\n');
    expect(new Map(service.tasks.rows)).toEqual(before);
    expect(await sentIds(service.queue(INDEX))).toEqual([]);
  });

  it('sends a task that was copied twice once', async () => {
    const service = memoryService();
    await aRow(service, 'dead', 'dead');
    await bury(service, 'dead');
    await bury(service, 'dead');
    const done = await onService(service, [...REDRIVE, '--all']);
    expect(done).toMatchObject({ code: 0, stderr: '1 retried, 0 brought back, 1 removed.\n' });
    expect(await sentIds(service.queue(INDEX))).toEqual(['dead']);
    expect(service.deadLetters(INDEX).size()).toBe(0);
  });

  it('on a dry run says the same and changes nothing', async () => {
    const service = await everything();
    const before = new Map(service.tasks.rows);
    const { stderr } = await onService(service, [...REDRIVE, '--all', '--dry-run']);
    expect(stderr).toBe('Would have: 1 retried, 2 brought back, 2 removed, 4 left alone; nothing was changed.\n');
    expect(new Map(service.tasks.rows)).toEqual(before);
    expect(await sentIds(service.queue(INDEX))).toEqual([]);
    expect((await service.deadLetters(INDEX).backlog()).waiting).toBe(9);
  });

  it.each([
    [[], 10],
    [['--rate', '50/s'], 50],
    [['--rate', '0.5'], 0.5],
  ])('with %j sends no faster than that', async (words, rate) => {
    const service = memoryService();
    for (let index = 0; index < 40; index += 1) {
      await aRow(service, `dead-${index}`, 'dead');
      await bury(service, `dead-${index}`);
    }
    const queue = service.queue(INDEX);
    const sentAt: number[] = [];
    const send: typeof queue.send = async (id) => {
      sentAt.push(service.clock.now());
      return queue.send(id);
    };
    const done = await onService(
      service,
      [...REDRIVE, '--all', ...words],
      {},
      { service: { queue: () => ({ ...queue, send }) } },
    );
    expect(done.code).toBe(0);
    expect(sentAt).toHaveLength(40);
    const gaps = sentAt.slice(1).map((at, index) => at - sentAt[index]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000 / rate - 1);
    expect(service.deadLetters(INDEX).size()).toBe(0);
  });

  it('asks whoever is at the terminal, unless --yes says so', async () => {
    const service = await everything();
    const questions: string[] = [];
    const ask = async (question: string) => {
      questions.push(question);
      return 'n';
    };
    const refused = await onService(service, [...REDRIVE, '--all'], {}, { ask });
    expect(refused).toMatchObject({ code: 1, stderr: 'Nothing was done.\n', stdout: '' });
    expect(questions).toEqual(['Redrive about 9 dead letters of fleet index? [y/N] ']);
    expect(statuses(service)['dead']).toBe('dead');
    await onService(service, [...REDRIVE, '--all', '--yes'], {}, { ask });
    expect(questions).toHaveLength(1);
    expect(statuses(service)['dead']).toBe('ready');
  });
});

describe('spothop dlq redrive ID', () => {
  it('touches only what is named, and shows the others again', async () => {
    const service = await everything();
    const { code, stdout } = await onService(service, [...REDRIVE, 'dead', 'done']);
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'done: needs nothing more; the message is removed',
      'dead: was dead; ready again and sent',
    ]);
    expect(await sentIds(service.queue(INDEX))).toEqual(['dead']);
    expect(await service.deadLetters(INDEX).backlog()).toEqual({ waiting: 7, inFlight: 0, delayed: 0 });
  });

  it('says which of them has no dead letter', async () => {
    const done = await onService(await everything(), [...REDRIVE, 'dead', 'none']);
    expect(done).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('none: no dead letter of fleet index names it'),
    });
  });

  it.each([[[]], [['--all', 'a']]])('%j is a usage error', async (words) => {
    expect((await onService(memoryService(), [...REDRIVE, ...words])).code).toBe(2);
  });
});

describe('a redrive that is ended anywhere', () => {
  const dead = async (count: number): Promise<MemoryService> => {
    const service = memoryService();
    for (let index = 0; index < count; index += 1) {
      await aRow(service, `dead-${index}`, 'dead');
      await bury(service, `dead-${index}`);
    }
    return service;
  };

  it('by Ctrl-C loses nothing: the rest is done by the next one', async () => {
    const service = await dead(30);
    const aborting = new AbortController();
    const queue = service.queue(INDEX);
    let sent = 0;
    const send: typeof queue.send = async (id) => {
      sent += 1;
      if (sent === 12) aborting.abort();
      return queue.send(id);
    };
    const first = await onService(
      service,
      [...REDRIVE, '--all'],
      {},
      {
        service: { queue: () => ({ ...queue, send }) },
        interruption: () => aborting.signal,
      },
    );
    expect(first).toMatchObject({ code: 130, stderr: expect.stringContaining('interrupted: run it again to go on') });
    expect((await service.deadLetters(INDEX).backlog()).waiting).toBe(18);
    const second = await onService(service, [...REDRIVE, '--all']);
    expect(second.code).toBe(0);
    expect((await sentIds(queue)).toSorted()).toEqual(
      Array.from({ length: 30 }, (_, index) => `dead-${index}`).toSorted(),
    );
  });

  it.each(['row', 'message', 'copy'] as const)('by a failure at the %s loses nothing', async (where) => {
    const service = await dead(3);
    const broken = () => Promise.reject(awsError('AccessDenied', 'No more.'));
    const changed = {
      row: { tasks: { ...service.tasks, apply: broken } },
      message: { queue: () => ({ ...service.queue(INDEX), send: broken }) },
      copy: { deadLetters: () => ({ ...service.deadLetters(INDEX), delete: broken }) },
    }[where];
    const first = await onService(service, [...REDRIVE, '--all'], {}, { service: changed });
    expect(first).toMatchObject({ code: 1, stderr: expect.stringContaining('permission: No more;') });
    const second = await onService(service, [...REDRIVE, '--all']);
    expect(second.code).toBe(0);
    expect(Object.values(statuses(service))).toEqual(['ready', 'ready', 'ready']);
    expect(new Set(await sentIds(service.queue(INDEX)))).toEqual(new Set(['dead-0', 'dead-1', 'dead-2']));
    expect(service.deadLetters(INDEX).size()).toBe(0);
  });

  it('keeps its messages hidden until their turn, however slow it is', async () => {
    const service = await dead(25);
    const done = await onService(service, [...REDRIVE, '--all', '--rate', '0.1']);
    expect(done).toMatchObject({ code: 0, stderr: '25 retried, 0 brought back, 0 removed.\n' });
    expect(service.clock.now()).toBeGreaterThanOrEqual(epochMs(START + 240_000));
    expect(await sentIds(service.queue(INDEX))).toHaveLength(25);
  });
});
