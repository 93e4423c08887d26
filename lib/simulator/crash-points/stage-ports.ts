import type { AgentPorts } from '../../agent/world.ts';
import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { WakeQueue } from '../../ports/queues.ts';
import type { Log } from '../../ports/telemetry.ts';
import type { World } from '../../workflows/world.ts';
import type { MemoryMoneyLedger } from '../ports/memory-money-ledger.ts';
import type { MemoryWorld } from '../ports/memory-world.ts';
import type { Auditor } from './auditor.ts';
import type { Invocation } from './call-recorder.ts';
import { instrumented } from './instrument.ts';
import { stepWorker } from './step-worker.ts';

/** What every caller's view of the world is made from: the ports in memory, with the auditor before those it judges. */
export interface StagePorts {
  readonly memory: MemoryWorld;
  readonly auditor: Auditor;
  readonly money: MemoryMoneyLedger;
  readonly wakes: WakeQueue;
  readonly settings: FleetSettings;
  /** EC2 has been asked to launch or to end machines. */
  readonly onMachinesChanged: () => void;
}

const SILENT_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const changingMachines = ({ auditor, onMachinesChanged }: StagePorts): Auditor['machines'] => {
  const afterwards = async <T>(call: Promise<T>): Promise<T> => {
    const answer = await call;
    onMachinesChanged();
    return answer;
  };
  return {
    ...auditor.machines,
    launch: (request) => afterwards(auditor.machines.launch(request)),
    terminate: (ids) => afterwards(auditor.machines.terminate(ids)),
  };
};

/** The world as one invocation of a function sees it. */
export const functionWorld = (ports: StagePorts, invocation: Invocation): World => {
  const { memory, auditor, settings } = ports;
  const queue = instrumented('queue', auditor.workQueue(settings.fleet), invocation);
  return {
    clock: memory.clock,
    newId: memory.newId,
    instances: instrumented('instances', auditor.instances, invocation),
    tasks: instrumented('tasks', auditor.tasks, invocation),
    fleets: instrumented('fleets', memory.fleets, invocation),
    machines: instrumented('machines', changingMachines(ports), invocation),
    groups: instrumented('groups', memory.groups, invocation),
    money: instrumented('money', ports.money, invocation),
    wakes: instrumented('wakes', ports.wakes, invocation),
    workQueue: () => queue,
    settings: new Map([[settings.fleet, settings]]),
    log: SILENT_LOG,
    metrics: { count: () => {} },
  };
};

/** The world as one life of an agent's process sees it. */
export const agentPorts = (
  ports: StagePorts,
  invocation: Invocation,
  { imds, machineState }: Pick<AgentPorts, 'imds' | 'machineState'>,
): AgentPorts => {
  const { memory, auditor, settings } = ports;
  return {
    clock: memory.clock,
    newId: memory.newId,
    log: SILENT_LOG,
    imds: instrumented('imds', imds, invocation),
    machineState,
    instances: instrumented('instances', auditor.instances, invocation),
    tasks: instrumented('tasks', auditor.tasks, invocation),
    queue: instrumented('queue', auditor.workQueue(settings.fleet), invocation),
    deadLetters: instrumented('deadLetters', memory.deadLetters, invocation),
    wakes: instrumented('wakes', ports.wakes, invocation),
    blobs: instrumented('blobs', memory.blobs, invocation),
    runner: stepWorker(memory.clock),
  };
};
