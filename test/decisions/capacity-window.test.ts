import { describe, expect, it } from 'vitest';
import type { CapacityView } from '../../lib/decisions/capacity-view.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';
import { describePlan } from '../../lib/decisions/plan.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { intentId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { Pool } from '../../lib/fleet/pool.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import {
  A_POLICY,
  aFleetState,
  aMember,
  anInstanceId,
  anIntent,
  aRecord,
  atSecond,
  START,
} from '../support/records.ts';

const SPOT: Pool = { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' };
const ON_DEMAND: Pool = { ...SPOT, purchase: 'on-demand' };

/** Each task is due twelve hours after it was submitted, and takes half an hour. */
const POLICY: CapacityPolicy = {
  machinesMin: 0,
  machinesMax: 8,
  targetBacklog: 5,
  spotPercentMax: 90,
  spotStrategy: 'capacity',
  onDemandBase: 0,
  onDemandFallback: true,
  onDemandMax: 4,
  window: { windowSeconds: 43_200, slots: 1 },
  places: [{ instanceType: 'c7g.large', zone: 'us-east-1a', subnetId: 'subnet-a' }],
};
const RUN_TIMES = { samples: 20, halfMs: 900_000, nineTenthsMs: 1_800_000 };

/** A pool that has just refused. */
const refused = (pool: Pool, now: EpochMs) => ({
  [`${pool.instanceType}/${pool.zone}/${pool.purchase}`]: { refusedAt: now, strikes: 1 },
});

interface Case {
  readonly tasks: number;
  readonly now: EpochMs;
  readonly isSpotAway?: boolean;
  readonly isOnDemandAway?: boolean;
  readonly machines?: readonly Partial<InstanceRecord>[];
  readonly takenAt?: ReadonlyMap<TaskId, EpochMs>;
  readonly view?: Partial<CapacityView>;
  readonly policy?: Partial<CapacityPolicy>;
}

const decide = ({ tasks, now, machines = [], ...given }: Case) => {
  const records = machines.map((machine, index) =>
    aRecord({ instanceId: anInstanceId(index + 1), heartbeatAt: now, ...machine }),
  );
  const held = records.reduce((sum, { leases }) => sum + Object.keys(leases).length, 0);
  const pools = {
    ...(given.isSpotAway === true ? refused(SPOT, now) : {}),
    ...(given.isOnDemandAway === true ? refused(ON_DEMAND, now) : {}),
  };
  const plan = decideCapacity(
    {
      state: aFleetState(
        { runTimes: RUN_TIMES, pools },
        records.map(({ pool, launchedAt }, index) => aMember(index + 1, { pool, launchedAt })),
      ),
      records: new Map(records.map((record) => [record.instanceId, record])),
      backlog: { waiting: tasks - held, inFlight: held, delayed: 0 },
      policy: { ...POLICY, ...given.policy },
      due: { oldestSubmittedAt: START, takenAt: given.takenAt ?? new Map() },
      drainPolicy: A_POLICY,
      outdated: new Set(),
      makeIntent: ({ purchase, count, reason }) => anIntent({ intentId: intentId('new'), purchase, count, reason }),
      ...given.view,
    },
    now,
  );
  const kinds = plan.actions.map((action) => {
    if (action.do === 'launch') return `${action.intent.count} ${action.intent.purchase}`;
    if (action.do === 'alarm') return action.metric;
    return 'instanceId' in action ? `${action.do} ${action.instanceId.slice(-1)}` : action.do;
  });
  return { kinds, words: describePlan(plan) };
};

const atHour = (hours: number): EpochMs => atSecond(3_600 * hours);
const holds = (name: string): Partial<InstanceRecord> => ({ leases: { [name]: 1 } as InstanceRecord['leases'] });

describe('a fleet with a window', () => {
  it('waits for spot while there is time, and says how long', () => {
    const { kinds, words } = decide({ tasks: 20, now: atHour(1), isSpotAway: true });
    expect(kinds).toEqual(['wait']);
    expect(words).toBe(
      'fleet index: wait: 4 of 4 machines; 20 tasks of up to 30 min, the first due in 11 h, would take 2.6 h on 4 on-demand machines: there is time to wait for spot; left out: c7g.large/us-east-1a set aside after a refusal or a reclaim',
    );
  });

  it('asks for spot as any other, by its backlog', () => {
    expect(decide({ tasks: 20, now: atHour(1) }).kinds).toEqual(['4 spot']);
  });

  it('asks for more spot than its backlog wants where the window needs it', () => {
    // 11 h less 0.8 h are twenty tasks one after the other: forty want two machines at least, and 120 for each one.
    const policy = { targetBacklog: 120 };
    expect(decide({ tasks: 40, now: atHour(1), policy }).kinds).toEqual(['2 spot']);
  });

  it('buys on demand when there is no more time to lose a task on spot, although spot may be asked', () => {
    const { kinds, words } = decide({ tasks: 20, now: atHour(9), machines: [] });
    expect(kinds).toEqual(['4 on-demand']);
    expect(words).toContain('too little time to risk spot');
  });

  it('lets its spot machines finish what they hold then, and none takes another task', () => {
    const { kinds } = decide({ tasks: 20, now: atHour(9), machines: [{ ...holds('a') }, { ...holds('b') }] });
    expect(kinds).toEqual(['4 on-demand', 'leave 1', 'leave 2']);
  });

  it('calls no spot machine back then', () => {
    const leave = { at: START, recordedAt: START };
    const machines = [{ ...holds('a'), signals: { leave } }];
    expect(decide({ tasks: 20, now: atHour(9), machines }).kinds).toEqual(['4 on-demand']);
    expect(decide({ tasks: 20, now: atHour(1), machines }).kinds).toEqual(['stay 1', '3 spot']);
  });

  it('takes spot while on demand refuses, and calls its machines back', () => {
    const leave = { at: START, recordedAt: START };
    const machines = [{ ...holds('a'), signals: { leave } }];
    expect(decide({ tasks: 20, now: atHour(9), isOnDemandAway: true, machines }).kinds).toEqual(['stay 1', '3 spot']);
  });

  it('counts how far its on-demand machines are', () => {
    const machines = [1, 2, 3].map((number) => ({ pool: ON_DEMAND, ...holds(`task-${number}`) }));
    const now = atHour(9);
    // Three hours less the reserve: a machine ends five more tasks if its own is half done, four if nobody knows.
    const halfDone = new Map([1, 2, 3].map((number) => [taskId(`task-${number}`), atHour(8.75)]));
    expect(decide({ tasks: 18, now, machines, takenAt: halfDone }).kinds).toEqual([]);
    expect(decide({ tasks: 18, now, machines }).kinds).toEqual(['1 on-demand']);
  });

  it('counts a machine that boots, and one that was asked for', () => {
    const { session: _session, ...booting } = aRecord();
    const now = atHour(9.25);
    const launched = { ...booting, pool: ON_DEMAND, launchedAt: epochMs(now - 60_000) };
    const records = new Map([[anInstanceId(1), { ...launched, instanceId: anInstanceId(1) }]]);
    const open = anIntent({ intentId: intentId('open'), purchase: 'on-demand', count: 2 });
    const state = aFleetState({ runTimes: RUN_TIMES, openIntents: { [open.intentId]: open } }, [
      aMember(1, { pool: ON_DEMAND, launchedAt: launched.launchedAt }),
    ]);
    expect(decide({ tasks: 15, now, view: { records, state } }).kinds).toEqual([]);
    expect(decide({ tasks: 16, now, view: { records, state } }).kinds).toEqual(['1 on-demand']);
  });

  it('lets stand-ins go when there is time again, and does not call them back', () => {
    const machines = [{ pool: ON_DEMAND, ...holds('a') }];
    expect(decide({ tasks: 5, now: atHour(1), machines, isSpotAway: true }).kinds).toEqual(['leave 1']);
    const leave = { at: START, recordedAt: START };
    const leaving = machines.map((machine) => ({ ...machine, signals: { leave } }));
    expect(decide({ tasks: 5, now: atHour(1), machines: leaving, isSpotAway: true }).kinds).toEqual(['wait']);
  });

  it('keeps its on-demand base whatever the time', () => {
    const machines = [{ pool: ON_DEMAND, ...holds('a') }];
    const policy = { onDemandBase: 1 };
    expect(decide({ tasks: 5, now: atHour(1), machines, policy, isSpotAway: true }).kinds).toEqual([]);
  });

  it('that cannot be kept takes whatever it gets, and people are told', () => {
    expect(decide({ tasks: 40, now: atHour(11) }).kinds).toEqual(['4 on-demand', '4 spot', 'WindowAtRisk']);
    const late = decide({ tasks: 5, now: atHour(13), isSpotAway: true });
    expect(late.kinds).toEqual(['1 on-demand', 'WindowAtRisk']);
    expect(late.words).toContain('a task has been due since 2026-01-01T12:00:00.000Z');
  });

  it('stands in on demand as ever while nobody knows how long its tasks take, and says so', () => {
    const state = aFleetState({ pools: refused(SPOT, atHour(1)) });
    const { kinds, words } = decide({ tasks: 20, now: atHour(1), view: { state } });
    expect(kinds).toEqual(['4 on-demand']);
    expect(words).toContain('no time to wait is known of: nobody knows yet how long a task takes');
  });

  it('stands in on demand as ever while nobody knows since when its tasks wait', () => {
    const due = { takenAt: new Map() };
    expect(decide({ tasks: 20, now: atHour(1), isSpotAway: true, view: { due } }).kinds).toEqual(['4 on-demand']);
  });

  it('buys nothing on demand where the fleet file forbids it', () => {
    const policy = { onDemandFallback: false };
    expect(decide({ tasks: 20, now: atHour(9), isSpotAway: true, policy }).kinds).toEqual(['NoCapacity']);
  });
});
