import type { Run } from '../../lib/cli/start/demo-run.ts';
import type { TaskId } from '../../lib/fleet/ids.ts';
import { instanceId } from '../../lib/fleet/ids.ts';
import type { RecordLine } from '../../lib/local/service.ts';

/** A machine whose agent is a process that runs now. */
export interface BusyMachine {
  readonly instanceId: string;
  /** Of the agent, and of its group. */
  readonly pid: number;
  /** What it holds, with the attempts. */
  readonly holds: readonly (readonly [TaskId, number])[];
}

/** Agents that have started and not ended, with their pids. */
export type LivingAgents = () => ReadonlyMap<string, number>;

/** Follows the record: each look takes in the lines written since the last one. */
export const followAgents = ({ cloud }: Run): LivingAgents => {
  const pids = new Map<string, number>();
  let seen = 0;
  return () => {
    const lines = cloud.context.recorder.lines();
    for (; seen < lines.length; seen += 1) {
      const { kind, instanceId: id, pid } = lines[seen] as RecordLine;
      if (kind === 'process-start') pids.set(String(id), Number(pid));
      if (kind === 'process-end') pids.delete(String(id));
    }
    return pids;
  };
};

/** Machines that are at work and that nobody has told to go. */
export const busyMachines = async (run: Run, agents: LivingAgents): Promise<readonly BusyMachine[]> => {
  const busy: BusyMachine[] = [];
  for (const [id, pid] of agents()) {
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
