import type { Run } from '../../lib/cli/start/demo-run.ts';
import type { TaskId } from '../../lib/fleet/ids.ts';
import { instanceId } from '../../lib/fleet/ids.ts';

/** A machine whose agent is a process that runs now. */
export interface BusyMachine {
  readonly instanceId: string;
  /** Of the agent, and of its group. */
  readonly pid: number;
  /** What it holds, with the attempts. */
  readonly holds: readonly (readonly [TaskId, number])[];
}

/** Agents that have started and not ended, by the record. */
export const livingAgents = ({ cloud }: Run): ReadonlyMap<string, number> => {
  const pids = new Map<string, number>();
  for (const line of cloud.context.recorder.lines()) {
    if (line.kind === 'process-start') pids.set(String(line['instanceId']), Number(line['pid']));
    if (line.kind === 'process-end') pids.delete(String(line['instanceId']));
  }
  return pids;
};

/** Machines that are at work and that nobody has told to go. */
export const busyMachines = async (run: Run): Promise<readonly BusyMachine[]> => {
  const busy: BusyMachine[] = [];
  for (const [id, pid] of livingAgents(run)) {
    const record = await run.service.instances.get(instanceId(id));
    const holds = Object.entries(record?.leases ?? {}) as unknown as [TaskId, number][];
    if (record?.drainingAt === undefined && holds.length > 0) busy.push({ instanceId: id, pid, holds });
  }
  return busy;
};

/** Whether every task that it held has been taken by another machine since, or is over. */
export const isGivenAway = async (run: Run, { holds }: BusyMachine): Promise<boolean> => {
  for (const [taskId, attempt] of holds) {
    const row = await run.service.tasks.get(taskId);
    if (row === undefined || (row.attempt <= attempt && row.status !== 'done')) return false;
  }
  return true;
};
