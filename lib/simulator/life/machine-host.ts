import { type Agent, createAgent } from '../../agent/agent.ts';
import { type Imds, ImdsUnavailable } from '../../agent/imds.ts';
import { type MemoryMachineState, memoryMachineState } from '../../agent/machine-state.ts';
import type { AgentPorts, AgentSettings } from '../../agent/world.ts';
import { fleetName, type InstanceId, type TaskId } from '../../fleet/ids.ts';
import { DEAD_MAN_SECONDS } from '../../fleet/limits.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import { FLEET_TAG } from '../../fleet/tags.ts';
import { type EpochMs, epochMs, secondsToMs, toIso } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DescribedMachine } from '../../ports/machines.ts';
import type { Run } from '../audit/concurrent-runs.ts';
import type { SelfEnd } from '../audit/self-end.ts';
import type { Faults } from '../faults/faults.ts';
import type { MemoryMachines } from '../ports/memory-machines.ts';
import type { SeededRandom } from '../random.ts';
import type { VirtualClock } from '../virtual-clock.ts';
import type { Caller, CallerTroubles, Service } from './caller.ts';
import type { Trace } from './trace.ts';
import type { EndedBy, MachineTruth } from './truth.ts';

/** From the launch to the agent's first call. */
const BOOT_SECONDS_LEAST = 10;
const BOOT_SECONDS_MOST = 60;

/** systemd's RestartSec in the launch template's unit. */
const RESTART_SECONDS = 5;

/** The dead-man's timer of `deploy/dead-man.ts`: how often it looks. */
const DEAD_MAN_LOOK_SECONDS = 60;

/** An agent's process as it is watched. */
export interface WatchedAgent {
  readonly ports: AgentPorts;
  /** Tasks that came to it and that it has not dealt with. */
  readonly tasksLeft: () => readonly TaskId[];
  readonly running: () => readonly Run[];
}

/** A machine with everything on it, and what is watched of the present process of its agent. */
export interface HostedMachine extends MachineTruth, CallerTroubles, Partial<Omit<WatchedAgent, 'ports'>> {
  readonly described: DescribedMachine;
  readonly machineState: MemoryMachineState;
  readonly unreachable: Set<Service>;
  /** The machine's clock, or that of one life of a process on it: with the process, its timers end. */
  clockOf(life?: Caller): Clock;
  notice?: EpochMs;
  /** When it ends by the nearest notice that its agent has read, also where that was withdrawn. */
  endTold?: EpochMs;
  isAdvised?: boolean;
  /** When the present process of its agent has first read that EC2 recommends to move it. */
  adviceReadAt?: EpochMs;
  /** EC2 is going to retire it at its announced end, or has called that off. */
  maintenance?: { readonly eventId: string; isOver: boolean };
  /** Its group is about to end it. */
  isGroupEnding?: boolean;
  tellsNonsense?: boolean;
  isFrozen: boolean;
  /** Its agent has ended as it should, and the machine is left to whoever launched it. */
  agentEndedAt?: EpochMs;
  standing?: { readonly over: Promise<void>; readonly go: () => void };
  /** When the present process of its agent was started. */
  startedAt?: EpochMs;
  /** When the last service that it could not reach could be reached again. */
  reachableAgainAt?: EpochMs;
  /** When it last went on after standing still. */
  wentOnAt?: EpochMs;
  /** The agent that runs at present. */
  agent?: Agent;
  life?: Caller;
  /** A second agent that somebody has started: should the first end just then, it is the machine's. */
  second?: Caller;
}

export interface MachineHost {
  readonly machines: readonly HostedMachine[];
  readonly byId: ReadonlyMap<InstanceId, HostedMachine>;
  /** Machines that EC2 shows and that are none of ours. */
  readonly foreign: Set<InstanceId>;
  /** Looks at EC2 for machines that have started or ended since. */
  refresh(): void;
  end(machine: HostedMachine, by: EndedBy): void;
  /** The machine stops as a whole for so long, and goes on. */
  standStill(machine: HostedMachine, seconds: number): void;
  /** The agent's process ends and does not come back. */
  freeze(machine: HostedMachine): void;
  /** The agent's process is asked to stop, as systemd does. */
  askToStop(machine: HostedMachine): void;
  /** A second agent beside the first. */
  startSecond(machine: HostedMachine): void;
  /** EC2 stops the machine and keeps it. */
  stop(machine: HostedMachine): void;
}

export interface MachineHostOptions {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly ec2: MemoryMachines;
  /** Somebody else launches the machines: no timer of ours watches over them, and no agent of ours powers them off. */
  readonly areOwners: boolean;
  readonly settings: (machine: HostedMachine) => AgentSettings;
  readonly createCaller: (machine: HostedMachine) => Caller;
  readonly watchedAgent: (life: Caller, machine: HostedMachine) => WatchedAgent;
  readonly onStarted: (machine: HostedMachine) => void;
  readonly onEnded: (machine: HostedMachine) => void;
  /** Its agent has decided that the machine ends. */
  readonly onPowerOff: (machine: HostedMachine, end: SelfEnd) => void;
}

const STATES: Readonly<Record<EndedBy, string>> = {
  ec2: 'Server.SpotInstanceTermination',
  us: 'Client.UserInitiatedShutdown',
  itself: 'Client.InstanceInitiatedShutdown',
};

/** As EC2 lists what is planned, and elsewhere what is over. */
const maintenanceList = ({ maintenance, announcedEnd }: HostedMachine, isHistory: boolean): string => {
  if (announcedEnd === undefined || maintenance === undefined || maintenance.isOver !== isHistory) return '[]';
  const { eventId: EventId, isOver } = maintenance;
  const NotBefore = new Date(announcedEnd).toUTCString().slice('Mon, '.length);
  return JSON.stringify([{ NotBefore, Code: 'instance-retirement', EventId, State: isOver ? 'canceled' : 'active' }]);
};

const REBALANCE_PATH = 'events/recommendations/rebalance';

const METADATA: Readonly<Record<string, (machine: HostedMachine) => string | undefined>> = {
  'instance-id': ({ instanceId }) => instanceId,
  'instance-life-cycle': ({ described }) => described.pool.purchase,
  'placement/availability-zone': ({ described }) => described.pool.zone,
  'placement/region': ({ described }) => described.pool.zone.slice(0, -1),
  'spot/instance-action': ({ notice, tellsNonsense }) => {
    if (notice === undefined) return undefined;
    return tellsNonsense ? '<html>503</html>' : JSON.stringify({ action: 'terminate', time: toIso(notice) });
  },
  [REBALANCE_PATH]: ({ isAdvised, launchedAt }) =>
    isAdvised ? JSON.stringify({ noticeTime: toIso(launchedAt) }) : undefined,
  'events/maintenance/scheduled': (machine) => maintenanceList(machine, false),
  'autoscaling/target-lifecycle-state': ({ isGroupEnding }) => (isGroupEnding ? 'Terminated' : undefined),
  'events/maintenance/history': (machine) => maintenanceList(machine, true),
};

const NOTHING = Promise.resolve(undefined);

/** Not a call like the others: it never leaves the machine, and there are so many that each must cost next to nothing. */
export const simulatedImds = (machine: HostedMachine, faults: Faults, now: () => EpochMs): Imds => ({
  read: (path) => {
    if (machine.unreachable.has('imds')) return Promise.reject(new ImdsUnavailable('It does not answer.'));
    const text = METADATA[path]?.(machine);
    if (text === undefined) return NOTHING;
    if (path === REBALANCE_PATH) machine.adviceReadAt ??= now();
    const isNotice = path === 'spot/instance-action';
    const isNonsense = isNotice && faults.strikes('F63', machine.instanceId);
    if (isNotice && !isNonsense && !machine.tellsNonsense) {
      machine.endTold = epochMs(Math.min(machine.endTold ?? Number.POSITIVE_INFINITY, machine.notice!));
    }
    return Promise.resolve(isNonsense ? '{"action":' : text);
  },
});

/** What its agent can read, each time it looks. */
export const tellingsOf = (machine: HostedMachine, faults: Faults): readonly SignalKind[] => {
  const { notice, isAdvised, tellsNonsense, maintenance, unreachable, described } = machine;
  if (unreachable.has('imds')) return [];
  const planned = [
    ...(maintenance?.isOver === false ? ['scheduled-change' as const] : []),
    ...(machine.isGroupEnding ? ['lifecycle-terminating' as const] : []),
  ];
  if (described.pool.purchase !== 'spot') return planned;
  const isClear = notice !== undefined && !tellsNonsense && faults.rate('F63') === 0;
  return [
    ...planned,
    ...(isClear ? ['spot-interruption' as const] : []),
    ...(isAdvised ? ['rebalance-recommendation' as const] : []),
  ];
};

/** A machine that stands still sleeps on, and where its process has ended it never wakes. */
const clockOn = (clock: VirtualClock, machine: HostedMachine, life?: Caller): Clock => ({
  now: clock.now,
  monotonicMs: () => clock.now() - machine.launchedAt,
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      const goOn = (): void => {
        if (life?.isDead()) return;
        if (machine.standing === undefined) resolve();
        else void machine.standing.over.then(goOn);
      };
      clock.after(durationMs, goOn, signal);
    }),
});

/** Boots whatever EC2 has launched, restarts agents that crash, and ends with the machine whatever ran on it. */
export const createMachineHost = (options: MachineHostOptions): MachineHost => {
  const { ec2, clock, random, faults, trace } = options;
  const machines: HostedMachine[] = [];
  const byId = new Map<InstanceId, HostedMachine>();
  const foreign = new Set<InstanceId>();

  const imdsOf = (machine: HostedMachine): Imds => simulatedImds(machine, faults, clock.now);

  const crashAll = ({ life, second }: HostedMachine): void => {
    life?.crash();
    second?.crash();
  };

  const noteEnd = (machine: HostedMachine, by: EndedBy): void => {
    if (machine.endedBy !== undefined) return;
    machine.endedBy = by;
    machine.endedAt = clock.now();
    crashAll(machine);
    machine.standing?.go();
    trace.note(machine.instanceId, `ended by ${by}`);
    options.onEnded(machine);
  };

  const end = (machine: HostedMachine, by: EndedBy): void => {
    if (machine.endedBy !== undefined) return;
    // One that is stopped does nothing by itself, in the middle of its boot or later.
    if (by === 'itself' && machine.isStopped === true) return;
    ec2.setState(machine.instanceId, 'terminated', STATES[by]);
    noteEnd(machine, by);
  };

  const isOver = (machine: HostedMachine): boolean =>
    machine.isFrozen || machine.endedBy !== undefined || machine.isStopped === true;

  const startLife = (machine: HostedMachine): { readonly life: Caller; readonly ports: AgentPorts } => {
    const life = options.createCaller(machine);
    machine.life = life;
    machine.stopsAsked = 0;
    machine.startedAt = clock.now();
    delete machine.adviceReadAt;
    // The lock of the process before ended with it.
    machine.machineState.endProcess();
    const { ports, ...watched } = options.watchedAgent(life, machine);
    Object.assign(machine, watched);
    const tellAlive = (): void => {
      machine.aliveAt = clock.now();
    };
    return {
      life,
      ports: { ...ports, imds: imdsOf(machine), machineState: machine.machineState, tellAlive },
    };
  };

  const runAgents = async (machine: HostedMachine): Promise<void> => {
    while (!isOver(machine)) {
      const { life, ports } = startLife(machine);
      const startedAt = machine.startedAt!;
      trace.note(machine.instanceId, 'its agent starts');
      const agent = createAgent(ports, options.settings(machine));
      machine.agent = agent;
      const ended = await Promise.race([agent.run(), life.crashed]);
      delete machine.agent;
      if (machine.standing !== undefined) await machine.standing.over;
      if (isOver(machine)) return;
      if (ended?.powersOff && !options.areOwners) {
        options.onPowerOff(machine, { reason: ended.reason, ranMs: clock.now() - startedAt });
        return end(machine, 'itself');
      }
      // Another agent's machine: the unit is told not to restart it (exit code 3).
      if (ended !== undefined) {
        machine.agentEndedAt = clock.now();
        return;
      }
      await clock.sleep(secondsToMs(RESTART_SECONDS));
    }
  };

  /** Whether the agent hangs, is gone or never came, the timer powers the machine off (N1). */
  const watchOver = async (machine: HostedMachine): Promise<void> => {
    while (machine.endedBy === undefined && machine.isStopped !== true) {
      await machine.clockOf().sleep(secondsToMs(DEAD_MAN_LOOK_SECONDS));
      if (clock.now() - machine.aliveAt >= secondsToMs(DEAD_MAN_SECONDS + DEAD_MAN_LOOK_SECONDS))
        end(machine, 'itself');
    }
  };

  const boot = async (machine: HostedMachine): Promise<void> => {
    if (!options.areOwners) void watchOver(machine);
    await machine.clockOf().sleep(secondsToMs(random.between(BOOT_SECONDS_LEAST, BOOT_SECONDS_MOST)));
    machine.aliveAt = clock.now();
    if (isOver(machine)) return;
    if (faults.strikes('F95', machine.instanceId)) return end(machine, 'itself');
    if (faults.strikes('F94', machine.instanceId)) {
      machine.isFrozen = true;
      return;
    }
    await runAgents(machine);
  };

  const admit = (described: DescribedMachine): void => {
    const { instanceId, launchedAt } = described;
    const machine: HostedMachine = {
      instanceId,
      ordinal: machines.length + 1,
      launchedAt,
      fleet: fleetName(described.tags[FLEET_TAG]!),
      described,
      machineState: memoryMachineState(),
      unreachable: new Set(),
      clockOf: (life) => clockOn(clock, machine, life),
      standstill: () => machine.standing?.over,
      isFrozen: false,
      stopsAsked: 0,
      aliveAt: launchedAt,
    };
    machines.push(machine);
    byId.set(instanceId, machine);
    options.onStarted(machine);
    void boot(machine);
  };

  const standStill = (machine: HostedMachine, seconds: number): void => {
    if (machine.standing !== undefined || machine.endedBy !== undefined) return;
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const go = (): void => {
      delete machine.standing;
      machine.wentOnAt = clock.now();
      resolve();
    };
    machine.standing = { over, go };
    trace.note(machine.instanceId, `stands still for ${Math.round(seconds)} s`);
    void clock.sleep(secondsToMs(seconds)).then(go);
  };

  return {
    machines,
    byId,
    foreign,
    end,
    standStill,
    refresh: () => {
      for (const described of ec2.all()) {
        if (foreign.has(described.instanceId)) continue;
        const machine = byId.get(described.instanceId);
        if (machine === undefined) admit(described);
        else if (described.state === 'terminated') noteEnd(machine, 'us');
      }
    },
    freeze: (machine) => {
      machine.isFrozen = true;
      crashAll(machine);
      trace.note(machine.instanceId, 'its agent is gone for good');
    },
    askToStop: (machine) => {
      if (machine.agent === undefined || machine.life?.isDead() || machine.standing !== undefined) return;
      machine.stopsAsked += 1;
      trace.note(machine.instanceId, 'its agent is asked to stop');
      machine.agent.stop();
    },
    startSecond: (machine) => {
      // Beside a living one: an agent that is started alone is the machine's, and its lock must not end with another's.
      if (machine.life === undefined || machine.life.isDead()) return;
      const life = options.createCaller(machine);
      machine.second = life;
      const { ports } = options.watchedAgent(life, machine);
      const { machineState } = machine;
      const second = createAgent({ ...ports, imds: imdsOf(machine), machineState }, options.settings(machine));
      const startedAt = clock.now();
      void second.run().then(({ reason, powersOff }) => {
        if (reason !== 'second-agent' || !powersOff || isOver(machine)) return;
        options.onPowerOff(machine, { reason, ranMs: clock.now() - startedAt });
        end(machine, 'itself');
      });
    },
    stop: (machine) => {
      if (machine.endedBy !== undefined) return;
      machine.isStopped = true;
      crashAll(machine);
      ec2.setState(machine.instanceId, 'stopped', 'Server.SpotInstanceShutdown');
      trace.note(machine.instanceId, 'stopped by EC2');
      options.onEnded(machine);
    },
  };
};
