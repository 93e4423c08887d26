import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { Run } from '../../fleet/run.ts';
import { allFleets } from '../life/fleets-of.ts';
import { type Life, START } from '../life/life.ts';
import type { HostedMachine } from '../life/machine-host.ts';
import { clockTime } from '../life/trace.ts';
import type { PlannedTask } from '../life/workload.ts';
import { isRunning } from './exchanges.ts';
import { groupsUnsettled } from './groups-at-rest.ts';
import type { Promised } from './promises.ts';

/** What is not yet as it has to be in the end: a promise, and what keeps it from being kept. */
export interface Unsettled {
  readonly promise: Promised;
  readonly found: string;
}

/** B20: EC2 shows an ended machine for about an hour. */
const SHOWN_AFTER_END_MS = 3_600_000;

const textOf = (life: Life, task: PlannedTask): string | undefined => {
  const result = life.memory.tasks.rows.get(task.truth.taskId)?.result;
  return result !== undefined && 'inline' in result ? result.inline : undefined;
};

/** Somebody else's message that came too often before its task could be written down: its queue keeps it where people look. */
const isMovedAway = ({ memory }: Life, { isForeign, truth, work }: PlannedTask): boolean =>
  isForeign && memory.workQueue(truth.fleet).deadLetters.includes(JSON.stringify(work));

/** A dead task whose message is lost is told of by another one. Nobody sends a third: only its row tells of it then. */
const MESSAGES_LOST_MOST = 1;

const isLostForGood = ({ truth }: Life, id: TaskId): boolean => (truth.messagesLost.get(id) ?? 0) > MESSAGES_LOST_MOST;

const taskUnsettled = (life: Life, task: PlannedTask): Unsettled[] => {
  const { taskId, isPoison, isCancelAsked, isSubmitted, result } = task.truth;
  if (!isSubmitted) return [];
  const row = life.memory.tasks.rows.get(taskId);
  if (row === undefined) return isMovedAway(life, task) ? [] : [unsettled('W1', `${taskId} is nowhere`)];
  if (row.status === 'ready' || row.status === 'running') return [unsettled('W1', `${taskId} is ${row.status}`)];
  if (row.status === 'done' && textOf(life, task) !== result) return [unsettled('W2', `${taskId} has another result`)];
  if (row.status === 'done' && isPoison) return [unsettled('W2', `${taskId} cannot be done and is`)];
  if (row.status === 'dead' && task.truth.failures < life.plan.failuresMax) {
    return [unsettled('W5', `${taskId} is dead after ${task.truth.failures} failures of its own`)];
  }
  if (row.status === 'cancelled' && !isCancelAsked) return [unsettled('W1', `${taskId} is cancelled`)];
  if (row.status !== 'dead') return [];
  const isCopied = life.memory.deadLetters.sent.some((letter) => letter.taskId === taskId);
  return isCopied || isLostForGood(life, taskId) ? [] : [unsettled('O2', `${taskId} is dead, and nobody finds it`)];
};

const unsettled = (promise: Promised, found: string): Unsettled => ({ promise, found });

type RunsByMachine = ReadonlyMap<InstanceId, readonly Run[]>;

const machineUnsettled = (life: Life, machine: HostedMachine, runsByMachine: RunsByMachine): Unsettled[] => {
  const { instanceId, endedBy, isStopped } = machine;
  const record = life.memory.instances.records.get(instanceId);
  if (endedBy === undefined && isStopped !== true) return [];
  const runs = runsByMachine.get(instanceId) ?? [];
  // One that ended before anybody could write its item is known to nobody but EC2's bill.
  if (record === undefined) return [];
  // Nor is one whose tags somebody took before it had its place: no list shows it, and nobody looks at its item.
  if (machine.isUntagged === true && machine.hadPlace !== true) return [];
  const found: Unsettled[] = [];
  if (runs.length !== 1) found.push(unsettled('M2', `${instanceId} has ${runs.length} closed runs`));
  if (record.goneAt === undefined) found.push(unsettled('N1', `${instanceId} ended and is not called gone`));
  const held = Object.keys(record.leases);
  if (held.length > 0) found.push(unsettled('N6', `${instanceId} ended and holds ${held.join(' ')}`));
  const told = runs[0]?.endedBy;
  // Nobody can say it of a machine whose tags were taken, or that ended so long ago that EC2 has forgotten it (B20).
  const isForgotten = (record.goneAt ?? 0) - (machine.endedAt ?? 0) >= SHOWN_AFTER_END_MS;
  const isKnowable = machine.isUntagged !== true && !isForgotten;
  // One that EC2 had stopped was its to take, also where we ended what was left of it.
  const isTaken = isStopped === true && told === 'ec2';
  if (isKnowable && told !== undefined && endedBy !== undefined && told !== endedBy && !isTaken) {
    const closed = life.fleetAudit.closedRuns.get(instanceId);
    const when = closed === undefined ? '' : `, closed at ${clockTime(closed.at - START)} by ${closed.by},`;
    found.push(unsettled('M2', `${instanceId} was ended by ${endedBy}, and its run${when} says ${told}`));
  }
  return found;
};

/** Fifteen minutes after its agent’s last sign a machine ends itself, and ten have passed when it is called gone. */
const LEFT_TO_ITS_TIMER_MS = 600_000;

/** Somebody took its tags and its agent is dead: nothing proves that it is ours (N2), and its own timer ends it. */
const isLeftToItsTimer = (life: Life, { instanceId, isUntagged }: HostedMachine): boolean => {
  const goneAt = life.memory.instances.records.get(instanceId)?.goneAt;
  return isUntagged === true && goneAt !== undefined && life.clock.now() - goneAt < LEFT_TO_ITS_TIMER_MS;
};

/** Machines beyond what is wanted for no work at all. */
const fleetUnsettled = (life: Life, settings: FleetSettings): Unsettled[] => {
  const { host } = life;
  // Somebody else says how many there are.
  if (settings.mode !== 'manage') return [];
  const running = host.machines.filter(
    (machine) => machine.fleet === settings.fleet && isRunning(machine) && !isLeftToItsTimer(life, machine),
  );
  const { machinesMin } = settings.capacity;
  return running.length > machinesMin
    ? [
        unsettled(
          'rest',
          `${running.length} machines run, ${machinesMin} wanted: ${running.map(({ instanceId }) => instanceId).join(' ')}`,
        ),
      ]
    : [];
};

const storeUnsettled = async (life: Life, { fleet }: FleetSettings): Promise<Unsettled[]> => {
  const { head, members } = await life.memory.fleets.read(fleet);
  const open = Object.keys(head.openIntents);
  const over = members.filter(({ instanceId }) => {
    const machine = life.host.byId.get(instanceId);
    return machine?.endedBy !== undefined || machine?.isStopped === true;
  });
  return [
    ...open.map((id) => unsettled('N4', `intent ${id} is open`)),
    ...over.map(({ instanceId }) => unsettled('N1', `${instanceId} ended and has its place`)),
  ];
};

const foreignUnsettled = (life: Life): Unsettled[] =>
  life.memory.machines
    .all()
    .filter(({ instanceId, state }) => life.truth.foreign.has(instanceId) && state !== 'running')
    .map(({ instanceId }) => unsettled('N2', `${instanceId} is not ours and does not run any more`));

/** Everything that is not yet as it should be; empty once the world has come to rest. */
export const unsettledNow = async (life: Life): Promise<readonly Unsettled[]> => {
  const runsByMachine = Map.groupBy(life.money.allRuns(), ({ instanceId }) => instanceId);
  return [
    ...[...life.workload.values()].flatMap((task) => taskUnsettled(life, task)),
    ...life.host.machines.flatMap((machine) => machineUnsettled(life, machine, runsByMachine)),
    ...allFleets(life).flatMap((settings) => fleetUnsettled(life, settings)),
    ...(await Promise.all(allFleets(life).map((settings) => storeUnsettled(life, settings)))).flat(),
    ...life.host.machines.flatMap((machine) => groupsUnsettled(life, machine)),
    ...foreignUnsettled(life),
  ];
};
