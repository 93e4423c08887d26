import { addMs, type EpochMs, epochMs, secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Backlog } from '../../ports/queues.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { WakeCollector } from '../../workflows/wakes.ts';
import type { World } from '../../workflows/world.ts';
import { exploredFleet } from '../explored-fleet.ts';
import { type MemoryMoneyLedger, memoryMoneyLedger } from '../ports/memory-money-ledger.ts';
import { type MemoryWorld, memoryWorld } from '../ports/memory-world.ts';
import type { Gate } from './gate.ts';

/** 2026-01-01T00:00:00Z. */
export const START = epochMs(1_767_225_600_000);

/**
 * Time stands still while callers take turns: what they decide by it is chosen with the core. A pause between two tries
 * is over at once; whoever sleeps until something happens sleeps until it does.
 */
const standingClock = (now: () => EpochMs): Clock => ({
  now,
  sleep: (_durationMs, signal) =>
    signal === undefined || signal.aborted
      ? Promise.resolve()
      : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
});

export const SILENT_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const NO_WAKES: WakeCollector = { now: () => {}, at: () => {}, send: async () => {} };

/** Two pools: one that takes a machine back is set aside, and the other one is asked. */
const PLACES = ['us-east-1a', 'us-east-1b'].map((zone) => ({ instanceType: 'c7g.large', zone, subnetId: 'subnet' }));

export const POOL = { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' } as const;

export const SETTINGS = exploredFleet({ places: PLACES });

export interface SmallWorld {
  readonly memory: MemoryWorld;
  readonly money: MemoryMoneyLedger;
  readonly clock: Clock;
  /** Of a machine that stood still for so long: what it writes now says an earlier time. */
  clockBehind(seconds: number): Clock;
  /** Time goes on, once everybody has come to rest. */
  later(seconds: number): void;
}

export const createSmallWorld = (): SmallWorld => {
  let now = START;
  const clock = standingClock(() => now);
  return {
    clock,
    memory: memoryWorld(clock, () => 0),
    money: memoryMoneyLedger(),
    clockBehind: (seconds) => standingClock(() => addMs(now, -secondsToMs(seconds))),
    later: (seconds) => {
      now = addMs(now, secondsToMs(seconds));
    },
  };
};

/** What a caller may be given instead of what the world has. */
export interface Overrides {
  readonly machines?: World['machines'];
  readonly instances?: World['instances'];
  readonly tasks?: World['tasks'];
  readonly fleets?: World['fleets'];
  readonly send?: (id: Parameters<ReturnType<World['workQueue']>['send']>[0]) => void;
  readonly backlog: Backlog;
}

/**
 * The control plane's world, as one of its callers sees it. What no other caller can see or change, such as its log, is
 * no turn: those calls happen at once.
 */
export const controlPlane = (
  { memory, money, clock }: SmallWorld,
  caller: string,
  gate: Pick<Gate, 'port'>,
  overrides: Overrides,
): World => {
  let ids = 0;
  const { instances = memory.instances, tasks = memory.tasks } = overrides;
  const { fleets = memory.fleets, machines = memory.machines, send = () => {} } = overrides;
  const queue = gate.port('queue', { send: async (id: Parameters<typeof send>[0]) => send(id) });
  return {
    clock,
    newId: () => {
      ids += 1;
      return `${caller.replaceAll(' ', '-')}-${ids}`;
    },
    instances: gate.port('instances', instances),
    tasks: gate.port('tasks', tasks),
    fleets: { ...gate.port('fleets', fleets), prices: fleets.prices },
    machines: gate.port('machines', machines),
    groups: gate.port('groups', memory.groups),
    money: { ...gate.port('money', { putRun: money.putRun }), putPlan: async () => {} },
    wakes: { wake: async () => {} },
    workQueue: () => ({ ...memory.workQueue(SETTINGS.fleet), ...queue, backlog: async () => overrides.backlog }),
    settings: new Map([[SETTINGS.fleet, SETTINGS]]),
    log: SILENT_LOG,
    metrics: { count: () => {} },
  };
};

/** For whoever is alone in the world: nobody's turn is waited for. */
export const NO_GATE: Pick<Gate, 'port'> = { port: (_name, port) => port };
