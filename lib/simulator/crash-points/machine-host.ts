import { createAgent } from '../../agent/agent.ts';
import type { Imds } from '../../agent/imds.ts';
import { type MemoryMachineState, memoryMachineState } from '../../agent/machine-state.ts';
import type { AgentPorts, AgentSettings } from '../../agent/world.ts';
import { type InstanceId, sessionId } from '../../fleet/ids.ts';
import { parseTaskMessage } from '../../fleet/message.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import { type EpochMs, secondsToMs, toIso } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DescribedMachine } from '../../ports/machines.ts';
import type { MemoryMachines } from '../ports/memory-machines.ts';
import type { Invocation } from './call-recorder.ts';

/** From the launch to the agent's first call. */
const BOOT_SECONDS = 20;

/** systemd's RestartSec in the launch template's unit. */
const RESTART_SECONDS = 5;

/**
 * What runs on a machine: our agent, the same on a machine that is somebody else's to end, or something that takes two
 * tasks and is never heard of again.
 */
export type Crew = 'agent' | 'attached agent' | 'mute';

export type EndedBy = 'ec2' | 'us' | 'itself';

export interface HostedMachine {
  readonly instanceId: InstanceId;
  /** 1 for the first machine that was ever launched. */
  readonly ordinal: number;
  endedBy?: EndedBy;
}

export interface MachineHost {
  /** Every machine of ours, in the order of their launches. */
  readonly machines: readonly HostedMachine[];
  /** Looks at EC2 for machines that have started or ended since. */
  refresh(): void;
  /** The metadata service of the machine announces its end. */
  announce(machine: HostedMachine, deadline: EpochMs): void;
  /** EC2 takes the machine. */
  reclaim(machine: HostedMachine): void;
  /** The agent's process ends and does not come back, as on a machine that hangs. */
  freeze(machine: HostedMachine): void;
  /** The agent's process is killed, and started again as its unit says. */
  kill(machine: HostedMachine): void;
  /** The agent's process stands still from the moment it begins this step of the protocol, and goes on later. */
  stallAt(machine: HostedMachine, step: TaskStep['step'], seconds: number): void;
}

export interface MachineHostOptions {
  readonly clock: Clock;
  readonly ec2: MemoryMachines;
  readonly foreign: ReadonlySet<InstanceId>;
  readonly settings: AgentSettings;
  readonly crewOf: (ordinal: number) => Crew;
  /** The agent's ports, as one life of its process sees them. */
  readonly agentPorts: (invocation: Invocation, machine: Pick<AgentPorts, 'imds' | 'machineState'>) => AgentPorts;
  readonly begin: (by: string) => Invocation;
  readonly onEnded: (machine: HostedMachine) => void;
}

interface Running extends HostedMachine {
  readonly described: DescribedMachine;
  /** Outlives the agent's process, as the machine's own disk does. */
  readonly machineState: MemoryMachineState;
  notice?: EpochMs;
  isFrozen: boolean;
  life?: Invocation;
}

const METADATA: Readonly<Record<string, (machine: Running) => string | undefined>> = {
  'instance-id': ({ instanceId }) => instanceId,
  'instance-life-cycle': ({ described }) => described.pool.purchase,
  'placement/availability-zone': ({ described }) => described.pool.zone,
  'placement/region': ({ described }) => described.pool.zone.slice(0, -1),
  'spot/instance-action': ({ notice }) =>
    notice === undefined ? undefined : JSON.stringify({ action: 'terminate', time: toIso(notice) }),
};

const imdsOf = (machine: Running): Imds => ({ read: async (path) => METADATA[path]?.(machine) });

/** Takes and holds two tasks as an agent would, and falls silent. */
const takeTwoAndFallSilent = async (ports: AgentPorts, instanceId: InstanceId): Promise<void> => {
  const { clock, instances, tasks, queue } = ports;
  const session = sessionId(ports.newId());
  await instances.openSession(instanceId, session, clock.now(), 'mute');
  for (const message of await queue.receive({ waitSeconds: 20, visibilitySeconds: 60, countMax: 2 })) {
    const parsed = parseTaskMessage(message.body);
    if (parsed.kind !== 'task') continue;
    const taken = await tasks.apply(parsed.taskId, { step: 'take', owner: instanceId, session, now: clock.now() });
    if (taken.outcome === 'refused') continue;
    const holds = [{ taskId: parsed.taskId, attempt: taken.row.attempt }];
    await instances.changeLeases({ instanceId, session, holds }, clock.now());
  }
};

const ENDED_STATES: readonly string[] = ['shutting-down', 'terminated'];

/** Boots whatever EC2 has launched, restarts agents that crash, and ends with the machine whatever ran on it. */
export const createMachineHost = (options: MachineHostOptions): MachineHost => {
  const { ec2, settings } = options;
  const machines: Running[] = [];
  const hosted = new Map<InstanceId, Running>();

  const end = (machine: Running, by: EndedBy): void => {
    if (machine.endedBy !== undefined) return;
    machine.endedBy = by;
    machine.life?.crash();
    options.onEnded(machine);
  };

  const startLife = (machine: Running): { readonly life: Invocation; readonly ports: AgentPorts } => {
    const life = options.begin(`agent ${machine.ordinal}`);
    machine.life = life;
    // The lock of the process before ended with it.
    machine.machineState.endProcess();
    return { life, ports: options.agentPorts(life, { imds: imdsOf(machine), machineState: machine.machineState }) };
  };

  const isOver = (machine: Running): boolean => machine.isFrozen || machine.endedBy !== undefined;

  const powerOff = (machine: Running): void => {
    ec2.setState(machine.instanceId, 'terminated', 'Client.InstanceInitiatedShutdown');
    end(machine, 'itself');
  };

  const runAgents = async (machine: Running): Promise<void> => {
    while (!isOver(machine)) {
      const { life, ports } = startLife(machine);
      const ended = await Promise.race([createAgent(ports, settings).run(), life.crashed]);
      if (isOver(machine)) return;
      if (ended?.powersOff && options.crewOf(machine.ordinal) === 'attached agent') return;
      if (ended?.powersOff) return powerOff(machine);
      // Another agent's machine: the unit is told not to restart it (exit code 3).
      if (ended !== undefined) return;
      await options.clock.sleep(secondsToMs(RESTART_SECONDS));
    }
  };

  const boot = async (machine: Running): Promise<void> => {
    await options.clock.sleep(secondsToMs(BOOT_SECONDS));
    if (options.crewOf(machine.ordinal) !== 'mute') return runAgents(machine);
    return takeTwoAndFallSilent(startLife(machine).ports, machine.instanceId);
  };

  const admit = (described: DescribedMachine): void => {
    const { instanceId } = described;
    const machine: Running = {
      instanceId,
      ordinal: machines.length + 1,
      described,
      machineState: memoryMachineState(),
      isFrozen: false,
    };
    machines.push(machine);
    hosted.set(instanceId, machine);
    void boot(machine);
  };

  const runningOf = ({ instanceId }: HostedMachine): Running => hosted.get(instanceId)!;

  return {
    machines,
    refresh: () => {
      for (const described of ec2.all()) {
        if (options.foreign.has(described.instanceId)) continue;
        const machine = hosted.get(described.instanceId);
        if (machine === undefined) admit(described);
        else if (ENDED_STATES.includes(described.state)) end(machine, 'us');
      }
    },
    announce: (machine, deadline) => {
      runningOf(machine).notice = deadline;
    },
    reclaim: (machine) => {
      if (machine.endedBy !== undefined) return;
      ec2.setState(machine.instanceId, 'terminated', 'Server.SpotInstanceTermination');
      end(runningOf(machine), 'ec2');
    },
    stallAt: (machine, step, seconds) => {
      const pause = (): Promise<void> => options.clock.sleep(secondsToMs(seconds));
      runningOf(machine).life?.stallAt((_call, called) => called === step, pause);
    },
    kill: (machine) => runningOf(machine).life?.crash(),
    freeze: (machine) => {
      const running = runningOf(machine);
      running.isFrozen = true;
      running.life?.crash();
    },
  };
};
