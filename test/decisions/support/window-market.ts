import { decideCapacity } from '../../../lib/decisions/decide-capacity.ts';
import { describePlan } from '../../../lib/decisions/plan.ts';
import { afterGrant, afterReclaim, afterRefusal } from '../../../lib/decisions/pool-memory.ts';
import type { Member, PoolMemory } from '../../../lib/fleet/fleet.ts';
import type { CapacityPolicy } from '../../../lib/fleet/fleet-settings.ts';
import { type InstanceId, intentId, type TaskId, taskId } from '../../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../../lib/fleet/instance.ts';
import { type Pool, type Purchase, poolKey } from '../../../lib/fleet/pool.ts';
import { addMs, type EpochMs } from '../../../lib/fleet/time.ts';
import { A_POLICY, aFleetState, aMember, anInstanceId, anIntent, aRecord, START } from '../../support/records.ts';

const MINUTE_MS = 60_000;
const ZONES = ['us-east-1a', 'us-east-1b'];

/** A market of a minute's steps in which spot comes and goes as drawn, and kills without a word. */
export interface DrawnMarket {
  readonly tasks: number;
  /** How long nine of ten tasks take at most, as the fleet has learned it; every task here takes as long or less. */
  readonly taskMinutes: number;
  readonly taskShares: readonly number[];
  readonly slots: number;
  readonly machinesMax: number;
  readonly onDemandMax: number;
  readonly targetBacklog: number;
  readonly windowMinutes: number;
  readonly bootMinutes: number;
  /** Whether spot may be had, minute by minute, and again from the first. */
  readonly spot: readonly boolean[];
  /** Whether all spot machines are taken in that minute. */
  readonly kills: readonly boolean[];
  /** From so many minutes before the window ends, each spot machine is taken just before a task of it would end. */
  readonly malignMinutes: number;
}

interface Machine {
  readonly id: InstanceId;
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
  readonly readyAt: EpochMs;
  isLeaving: boolean;
  readonly running: Map<TaskId, { readonly takenAt: EpochMs; readonly endsAt: EpochMs }>;
}

export interface OnDemandLaunch {
  readonly minute: number;
  readonly unfinished: number;
  readonly minutesLeft: number;
}

export interface Played {
  /** Minutes from the submission until the last task ended. */
  readonly endedAfterMinutes: number;
  readonly onDemandLaunches: readonly OnDemandLaunch[];
  readonly onDemandMachines: number;
  /** How often the fleet went on demand after it had none. */
  readonly turns: number;
  readonly plans: readonly string[];
}

const at = <Value>(list: readonly Value[], index: number): Value => list[index % list.length]!;

/** Plays all tasks, submitted at once, to their end; the fleet is decided about every minute, by the whole of `decideCapacity`. */
export const playWindow = (drawn: DrawnMarket): Played => {
  const policy: CapacityPolicy = {
    machinesMin: 0,
    machinesMax: drawn.machinesMax,
    targetBacklog: drawn.targetBacklog,
    spotPercentMax: 90,
    spotStrategy: 'capacity',
    onDemandBase: 0,
    onDemandFallback: true,
    onDemandMax: drawn.onDemandMax,
    window: { windowSeconds: 60 * drawn.windowMinutes, slots: drawn.slots },
    places: ZONES.map((zone) => ({ instanceType: 'c7g.large', zone, subnetId: `subnet-${zone}` })),
  };
  const waiting: TaskId[] = Array.from({ length: drawn.tasks }, (_, index) => taskId(`task-${index}`));
  const lengthOf = new Map(
    waiting.map((id, index) => [id, at(drawn.taskShares, index) * drawn.taskMinutes * MINUTE_MS]),
  );
  const machines = new Map<InstanceId, Machine>();
  const memory = new Map<string, PoolMemory>();
  const onDemandLaunches: OnDemandLaunch[] = [];
  const plans: string[] = [];
  let [launched, onDemandMachines, turns, unfinished, lastEnd] = [0, 0, 0, drawn.tasks, START];

  const work = (now: EpochMs): void => {
    for (const machine of machines.values()) {
      for (const [id, { endsAt }] of machine.running) {
        if (endsAt > now) continue;
        machine.running.delete(id);
        unfinished -= 1;
        if (endsAt > lastEnd) lastEnd = endsAt;
      }
      while (!machine.isLeaving && machine.readyAt <= now && machine.running.size < drawn.slots && waiting.length > 0) {
        const id = waiting.shift()!;
        machine.running.set(id, { takenAt: now, endsAt: addMs(now, lengthOf.get(id)!) });
      }
      if (machine.isLeaving && machine.running.size === 0) machines.delete(machine.id);
    }
  };

  const isAboutToEnd = ({ running }: Machine, now: EpochMs): boolean =>
    [...running.values()].some(({ endsAt }) => endsAt <= addMs(now, MINUTE_MS));

  const killSpot = (isKilled: (machine: Machine) => boolean, now: EpochMs): void => {
    for (const machine of machines.values()) {
      if (machine.pool.purchase !== 'spot' || !isKilled(machine)) continue;
      waiting.push(...machine.running.keys());
      machines.delete(machine.id);
      const key = poolKey(machine.pool);
      memory.set(key, afterReclaim(memory.get(key), now));
    }
  };

  const launch = (purchase: Purchase, count: number, pools: readonly Pool[], now: EpochMs, minute: number): void => {
    const isGiven = purchase === 'on-demand' || at(drawn.spot, minute);
    const change = isGiven ? afterGrant : afterRefusal;
    for (const pool of pools) memory.set(poolKey(pool), change(memory.get(poolKey(pool)), now));
    for (let number = 0; isGiven && number < count; number += 1) {
      launched += 1;
      const id = anInstanceId(launched);
      const readyAt = addMs(now, drawn.bootMinutes * MINUTE_MS);
      machines.set(id, { id, pool: pools[0]!, launchedAt: now, readyAt, isLeaving: false, running: new Map() });
    }
  };

  const recordOf = (machine: Machine, now: EpochMs): InstanceRecord => {
    const { session: _session, ...booting } = aRecord({
      instanceId: machine.id,
      pool: machine.pool,
      launchedAt: machine.launchedAt,
      heartbeatAt: now,
      signals: machine.isLeaving ? { leave: { at: now, recordedAt: now } } : {},
      leases: Object.fromEntries([...machine.running.keys()].map((id) => [id, 1])) as InstanceRecord['leases'],
    });
    return machine.readyAt <= now ? { ...booting, session: aRecord().session! } : booting;
  };

  const decide = (now: EpochMs, minute: number): void => {
    const all = [...machines.values()];
    const held = all.reduce((sum, { running }) => sum + running.size, 0);
    const members: Member[] = all.map(({ id, pool, launchedAt }) => ({
      ...aMember(1),
      instanceId: id,
      pool,
      launchedAt,
    }));
    const orders: (() => void)[] = [];
    const plan = decideCapacity(
      {
        state: aFleetState(
          {
            pools: Object.fromEntries(memory),
            runTimes: { samples: 50, halfMs: 1_000, nineTenthsMs: drawn.taskMinutes * MINUTE_MS },
          },
          members,
        ),
        records: new Map(all.map((machine) => [machine.id, recordOf(machine, now)])),
        backlog: { waiting: waiting.length, inFlight: held, delayed: 0 },
        policy,
        due: {
          oldestSubmittedAt: START,
          takenAt: new Map(
            all.flatMap(({ running }) => [...running].map(([id, { takenAt }]) => [id, takenAt] as const)),
          ),
        },
        drainPolicy: A_POLICY,
        outdated: new Set(),
        makeIntent: ({ purchase, count, pools }) => {
          orders.push(() => launch(purchase, count, pools, now, minute));
          if (purchase === 'on-demand') {
            const minutesLeft = drawn.windowMinutes - minute;
            onDemandLaunches.push({ minute, unfinished, minutesLeft });
            if (!all.some(({ pool }) => pool.purchase === 'on-demand')) turns += 1;
            onDemandMachines += count;
          }
          return anIntent({ intentId: intentId(`new-${launched}`), purchase, count });
        },
      },
      now,
    );
    if (plan.actions.length > 0) plans.push(`${minute}: ${describePlan(plan)}`);
    for (const order of orders) order();
    for (const action of plan.actions) {
      if (action.do === 'leave') machines.get(action.instanceId)!.isLeaving = true;
      if (action.do === 'stay') machines.get(action.instanceId)!.isLeaving = false;
    }
  };

  const minutesMost = 20 * drawn.windowMinutes;
  for (let minute = 0; unfinished > 0 && minute < minutesMost; minute += 1) {
    const now = addMs(START, minute * MINUTE_MS);
    work(now);
    if (at(drawn.kills, minute)) killSpot(() => true, now);
    if (drawn.windowMinutes - minute < drawn.malignMinutes) killSpot((machine) => isAboutToEnd(machine, now), now);
    if (unfinished > 0) decide(now, minute);
  }
  const endedAfterMinutes = unfinished > 0 ? Number.POSITIVE_INFINITY : (lastEnd - START) / MINUTE_MS;
  return { endedAfterMinutes, onDemandLaunches, onDemandMachines, turns, plans };
};
