import type { FleetName, InstanceId, TaskId } from '../../fleet/ids.ts';
import type { Content, TaskRecord } from '../../fleet/task.ts';
import type { MemoryMoneyLedger } from '../ports/memory-money-ledger.ts';
import type { MemoryWorld } from '../ports/memory-world.ts';
import type { HostedMachine } from './machine-host.ts';
import { resultOf, type StepWork } from './step-worker.ts';

/** Everything that was asked of the world, as the scenario knows it. */
export interface Expected {
  readonly fleet: FleetName;
  readonly tasks: ReadonlyMap<TaskId, StepWork>;
  readonly machines: readonly HostedMachine[];
  readonly foreign: ReadonlySet<InstanceId>;
}

const textOf = async (memory: MemoryWorld, content: Content | undefined): Promise<string | undefined> =>
  content === undefined || 'inline' in content ? content?.inline : memory.blobs.get(content.objectKey);

const taskViolations = async (memory: MemoryWorld, taskId: TaskId, work: StepWork): Promise<string[]> => {
  const row: TaskRecord | undefined = memory.tasks.rows.get(taskId);
  if (row?.status !== 'done') return [`no task is lost (W1): ${taskId} is ${row?.status ?? 'nowhere'}`];
  const isRight = (await textOf(memory, row.result)) === resultOf(work);
  return isRight ? [] : [`a result is what the task came to: ${taskId}`];
};

const machineViolations = (memory: MemoryWorld, money: MemoryMoneyLedger, machine: HostedMachine): string[] => {
  const { instanceId, ordinal, endedBy } = machine;
  const name = `machine ${ordinal}`;
  const runs = money.allRuns().filter((run) => run.instanceId === instanceId);
  const record = memory.instances.records.get(instanceId);
  const found: string[] = [];
  if (endedBy === undefined) found.push(`no machine is forgotten (N1): ${name} still runs`);
  if (runs.length !== 1) found.push(`a run is closed once: ${name} has ${runs.length}`);
  if (runs[0] !== undefined && (runs[0].endedBy === 'ec2') !== (endedBy === 'ec2')) {
    found.push(`the ledger knows who ended a machine: ${name} by ${endedBy}, written ${runs[0].endedBy}`);
  }
  if (record?.goneAt === undefined) found.push(`a machine that ended is called gone: ${name}`);
  const held = Object.keys(record?.leases ?? {});
  if (held.length > 0) found.push(`a machine that ended holds nothing (N6): ${name} holds ${held.join(' ')}`);
  return found;
};

const fleetViolations = async (memory: MemoryWorld, fleet: FleetName): Promise<string[]> => {
  const { head, members } = await memory.fleets.read(fleet);
  const open = Object.keys(head.openIntents);
  return [
    ...members.map(({ instanceId }) => `a machine that ended has no place in its fleet: ${instanceId}`),
    ...open.map((id) => `every launch is answered or given up: ${id} is open`),
  ];
};

const foreignViolations = (memory: MemoryWorld, foreign: ReadonlySet<InstanceId>): string[] =>
  memory.machines
    .all()
    .filter(({ instanceId, state }) => foreign.has(instanceId) && state !== 'running')
    .map(({ instanceId }) => `nothing that is not ours is ever changed (N2): ${instanceId} does not run any more`);

/** What is not yet as it has to be in the end. Empty once the world has come to rest as it should. */
export const endViolations = async (
  memory: MemoryWorld,
  money: MemoryMoneyLedger,
  expected: Expected,
): Promise<readonly string[]> => {
  const tasks = [...expected.tasks].map(([taskId, work]) => taskViolations(memory, taskId, work));
  return [
    ...(await Promise.all(tasks)).flat(),
    ...expected.machines.flatMap((machine) => machineViolations(memory, money, machine)),
    ...(await fleetViolations(memory, expected.fleet)),
    ...foreignViolations(memory, expected.foreign),
  ];
};
