import { setImmediate } from 'node:timers/promises';
import type { CliWorld } from '../../lib/cli/world.ts';
import { type FleetName, fleetName, instanceId, sessionId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { Content, TaskRecord } from '../../lib/fleet/task.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { memoryTaskListing } from '../../lib/simulator/ports/memory-task-listing.ts';
import { type MemoryWorkQueue, memoryWorkQueue } from '../../lib/simulator/ports/memory-work-queue.ts';
import { memoryWorld } from '../../lib/simulator/ports/memory-world.ts';
import { virtualClock } from '../../lib/simulator/virtual-clock.ts';
import { type TaskService, UnknownFleet } from '../../lib/wiring-cli.ts';
import { patiently } from '../../lib/workflows/retry.ts';
import { run, type Transcript } from './support.ts';

export const START = epochMs(Date.UTC(2026, 0, 1));
export const INDEX = fleetName('index');
export const SCRAPE = fleetName('scrape');
export const OWNER = instanceId('i-0123456789abcdef0');
export const SESSION = sessionId('session-1');

/** Any error that AWS could answer; `code` says which. */
export const awsError = (code: string, message = 'No.'): Error =>
  Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: 400 } });

/** A virtual clock that tells whether anybody waits for it. */
const watchedClock = (start: EpochMs) => {
  const clock = virtualClock(start);
  let sleepers = 0;
  const sleep: Clock['sleep'] = async (durationMs, signal) => {
    sleepers += 1;
    await clock.sleep(durationMs, signal).finally(() => {
      sleepers -= 1;
    });
  };
  return { ...clock, sleep, hasSleepers: () => sleepers > 0 };
};

/** A deployed service in memory, with two fleets, that time passes in as fast as there is nothing to do. */
export const memoryService = (
  changes: { readonly taskIdPath?: string; readonly fleets?: readonly FleetName[] } = {},
) => {
  const clock = watchedClock(START);
  const world = memoryWorld(clock, () => 0.5);
  const fleets = changes.fleets ?? [INDEX, SCRAPE];
  const dead = new Map<FleetName, MemoryWorkQueue>();
  const known = (fleet: FleetName): FleetName => {
    if (fleets.includes(fleet)) return fleet;
    throw new UnknownFleet(fleet, fleets);
  };
  const deadLetters = (fleet: FleetName): MemoryWorkQueue => {
    const queue = dead.get(known(fleet)) ?? memoryWorkQueue(clock);
    dead.set(fleet, queue);
    return queue;
  };
  const isLasting = (error: unknown): boolean => error instanceof Error && error.name === 'AccessDenied';
  return {
    clock,
    tasks: world.tasks,
    listing: memoryTaskListing(world.tasks.rows),
    instances: world.instances,
    blobs: world.blobs,
    wakes: world.wakes,
    retry: patiently({ clock, random: () => 0.5, isLasting }),
    fleetNames: fleets,
    queue: (fleet: FleetName) => world.workQueue(known(fleet)),
    deadLetters,
    taskIdPath: () => changes.taskIdPath,
  } satisfies TaskService;
};

export type MemoryService = ReturnType<typeof memoryService>;

/** Lets time pass until the command is over, though not while it loads its modules. */
export const onService = async (
  service: MemoryService,
  words: readonly string[],
  files: Readonly<Record<string, string>> = {},
  changes: Partial<CliWorld> & { readonly service?: Partial<TaskService> } = {},
): Promise<Transcript> => {
  const { service: replaced, ...world } = changes;
  let isOver = false;
  const running = run(
    words,
    files,
    START,
    {},
    {
      connect: async () => ({ ...service, ...replaced }),
      clock: service.clock,
      steadyMs: () => service.clock.now() - START,
      ...world,
    },
  ).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    if (service.clock.hasSleepers()) await service.clock.runUntil(epochMs(service.clock.now() + 50));
    else await setImmediate();
  }
  return running;
};

export const inline = (text: string): Content => ({ inline: text, sha256: `digest of ${text}` });

/** A row as it stands after some steps of the protocol. */
export const aRow = async (
  service: MemoryService,
  name: string,
  status: TaskRecord['status'],
  fleet: FleetName = INDEX,
): Promise<TaskId> => {
  const id = taskId(name);
  const now = service.clock.now();
  const row = { form: 1, taskId: id, fleet, status: 'ready', attempt: 0, failures: 0, reclaims: 0 } as const;
  const apply = service.tasks.apply;
  await apply(id, {
    step: 'submit',
    row: { ...row, body: inline(`{"name":"${name}"}`), submittedAt: now, checkAt: now },
  });
  if (status === 'cancelled') await apply(id, { step: 'cancel', now });
  if (status === 'ready' || status === 'cancelled') return id;
  await apply(id, { step: 'take', owner: OWNER, session: SESSION, now });
  if (status === 'done') await apply(id, { step: 'commit', attempt: 1, result: inline('{"words":3}'), now });
  if (status === 'dead') {
    const limits = { failuresBefore: 0, failuresMax: 1, retryDelaySeconds: 30 };
    await apply(id, { step: 'fail', attempt: 1, reason: `exit 1: ${name} is broken`, now, ...limits });
  }
  return id;
};

/** Every task that a message of the queue names, in order; the messages are taken out. */
export const sentIds = async (queue: MemoryWorkQueue): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (;;) {
    const messages = await queue.receive({ waitSeconds: 0, visibilitySeconds: 600, countMax: 10 });
    if (messages.length === 0) return ids;
    ids.push(...messages.map(({ body }) => (JSON.parse(body) as { readonly taskId: string }).taskId));
    for (const message of messages) await queue.delete(message);
  }
};
