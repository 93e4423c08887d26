import type { InstanceId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { secondsToMs } from '../../fleet/time.ts';
import type { Life } from '../life/life.ts';
import type { HostedMachine } from '../life/machine-host.ts';
import { saidOf } from './promises.ts';

/** The metadata service is asked every 5 s, and after a failure every 20 s. */
const LOOK_SECONDS = 5;

/** A shorter notice may come between two looks, and leave no time to hand anything back. */
const NOTICE_SECONDS_LEAST = 45;

const HEARD_MS = 10_000;

/** Two looks, and a moment. */
const READ_WITHIN_SECONDS = 12;

/** After a failure it is asked less often, until it answers again. */
const ANSWERS_AGAIN_MS = 60_000;

const isHeard = ({ clock, memory }: Life, { instanceId }: HostedMachine): boolean =>
  clock.now() - (memory.instances.records.get(instanceId)?.heartbeatAt ?? 0) < HEARD_MS;

/** The same process as before goes on, and is heard. One that has ended as it should leaves the machine to its owner. */
const isAwake = (life: Life, machine: HostedMachine, agent: HostedMachine['life']): boolean =>
  machine.standing === undefined &&
  machine.life === agent &&
  agent?.isDead() === false &&
  machine.agentEndedAt === undefined &&
  isHeard(life, machine);

/** Nothing that could keep the agent from seeing its notice and doing what it asks for. */
const isCalm = (life: Life, machine: HostedMachine, agent: HostedMachine['life']): boolean => {
  const { calls, faults, plan } = life;
  return (
    calls.conditions.outages.size === 0 &&
    machine.unreachable.size === 0 &&
    isAwake(life, machine, agent) &&
    plan.slowShare === 0 &&
    faults.rate('F17') === 0 &&
    faults.rate('F18') === 0 &&
    faults.rate('F138') === 0 &&
    faults.rate('F63') === 0
  );
};

/**
 * What it does not hold is not its agent's any more: a process ended between taking and holding, or the end of a run could not
 * be written for so long that it was given up. The sweep finds it, unless the fleet is only watched.
 */
const isHeld = ({ memory }: Life, instanceId: InstanceId, { taskId, attempt }: TaskRecord): boolean =>
  memory.instances.records.get(instanceId)?.leases[taskId] === attempt;

/** Every notice is read within two looks, by an agent that is heard and has been up, and whose metadata service has answered, for a minute. */
export const watchReading = async (life: Life, machine: HostedMachine): Promise<void> => {
  const { clock, judge, faults } = life;
  const { notice, life: agent, startedAt = clock.now(), reachableAgainAt = startedAt } = machine;
  const isAnswered = clock.now() - Math.max(startedAt, reachableAgainAt) >= ANSWERS_AGAIN_MS;
  const mayListen = (): boolean => isAwake(life, machine, agent) && !machine.unreachable.has('imds');
  if (notice === undefined || !isAnswered || !mayListen() || faults.rate('F63') > 0) return;
  for (let seconds = 0; seconds < READ_WITHIN_SECONDS; seconds += 1) {
    await clock.sleep(1_000);
    if (!mayListen() || machine.notice !== notice || machine.endedBy !== undefined) return;
  }
  if ((machine.endTold ?? Number.POSITIVE_INFINITY) <= notice || machine.isStopped) return;
  saidOf(judge, machine.instanceId).say('W4', `${machine.instanceId} has its notice, and does not read it`);
};

/**
 * Watches one machine from its notice until just before its end. What its metadata service says is heeded, and nothing
 * runs on it any more when EC2 takes it: the sweep would release that later, and nobody would notice.
 */
export const watchNotice = async (life: Life, machine: HostedMachine, noticeSeconds: number): Promise<void> => {
  const { clock, memory } = life;
  const judge = saidOf(life.judge, machine.instanceId);
  const agent = machine.life;
  if (noticeSeconds < NOTICE_SECONDS_LEAST || memory.instances.records.get(machine.instanceId)?.session === undefined)
    return;
  for (let left = noticeSeconds - 1; left > 0; left -= LOOK_SECONDS) {
    if (!isCalm(life, machine, agent)) return;
    await clock.sleep(secondsToMs(Math.min(left, LOOK_SECONDS)));
  }
  if (!isCalm(life, machine, agent) || machine.endedBy !== undefined) return;
  const { instanceId } = machine;
  if (memory.instances.records.get(instanceId)?.drainingAt === undefined) {
    return judge.say('N6', `${instanceId} was told its end ${noticeSeconds} s before, and does not drain`);
  }
  for (const row of memory.tasks.rows.values()) {
    if (row.status === 'running' && row.owner === instanceId && isHeld(life, instanceId, row)) {
      judge.say('W4', `${row.taskId} still runs on ${instanceId}, which was told its end ${noticeSeconds} s before`);
    }
  }
};
