import type { CapacityView } from '../../../../decisions/capacity-view.ts';
import type { Plan } from '../../../../decisions/plan.ts';
import type { FleetHead, Intent, Member } from '../../../../fleet/fleet.ts';
import type { CapacityPolicy } from '../../../../fleet/fleet-settings.ts';
import { ec2FleetId, fleetName, instanceId, intentId, sessionId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { type Purchase, poolKey } from '../../../../fleet/pool.ts';
import type { SignalKind } from '../../../../fleet/signal.ts';
import { addMs, type EpochMs, epochMs } from '../../../../fleet/time.ts';
import { exploredFleet } from '../../../explored-fleet.ts';

export const NOW: EpochMs = epochMs(1_800_000_000_000);

export const secondsAgo = (seconds: number): EpochMs => addMs(NOW, -Math.round(seconds * 1_000));

/** A machine of a tried fleet, as far as it differs from one on spot that is heard and holds nothing. */
export interface TriedMachine {
  readonly purchase?: Purchase;
  readonly zone?: string;
  readonly upSeconds?: number;
  readonly tasks?: number;
  /** Its agent has not come up yet. */
  readonly isAgentless?: boolean;
  /** It has no item yet. */
  readonly isUnwritten?: boolean;
  readonly heardSecondsAgo?: number;
  /** Each as long ago as is said, in seconds. */
  readonly signals?: Readonly<Partial<Record<SignalKind, number>>>;
  readonly isDraining?: boolean;
  readonly isAttached?: boolean;
  readonly isOutdated?: boolean;
  /** The launch that it came of. */
  readonly intent?: string;
}

const idOf = (index: number) => instanceId(`i-${String(index + 1).padStart(17, '0')}`);

const intentOf = (machine: TriedMachine) => intentId(machine.isAttached ? 'attached' : (machine.intent ?? 'earlier'));

const memberOf = (machine: TriedMachine, index: number): Member => ({
  instanceId: idOf(index),
  intentId: intentOf(machine),
  pool: { instanceType: 'm', zone: machine.zone ?? 'a', purchase: machine.purchase ?? 'spot' },
  launchedAt: secondsAgo(machine.upSeconds ?? 5_000),
});

const recordOf = (machine: TriedMachine, index: number): InstanceRecord => ({
  form: 1,
  ...memberOf(machine, index),
  fleet: fleetName('explored'),
  ec2FleetId: ec2FleetId('fleet-1'),
  ...(machine.isAgentless
    ? {}
    : { session: sessionId(`session-${index}`), heartbeatAt: secondsAgo(machine.heardSecondsAgo ?? 1) }),
  leases: Object.fromEntries(Array.from({ length: machine.tasks ?? 0 }, (_, task) => [`task-${index}-${task}`, 1])),
  signals: Object.fromEntries(
    Object.entries(machine.signals ?? {}).map(([kind, ago]) => [
      kind,
      { at: secondsAgo(ago), recordedAt: secondsAgo(ago) },
    ]),
  ),
  ...(machine.isDraining ? { drainingAt: secondsAgo(5) } : {}),
});

export const somePolicy = (changes: Partial<CapacityPolicy> = {}): CapacityPolicy =>
  exploredFleet({
    machinesMax: 10,
    targetBacklog: 5,
    onDemandFallback: true,
    onDemandMax: 4,
    places: ['a', 'b'].map((zone) => ({ instanceType: 'm', zone, subnetId: `subnet-${zone}` })),
    ...changes,
  }).capacity;

export interface TriedFleet {
  readonly machines?: readonly TriedMachine[];
  readonly policy?: Partial<CapacityPolicy>;
  readonly waiting?: number;
  readonly inFlight?: number;
  readonly delayed?: number;
  readonly head?: Partial<FleetHead>;
  readonly view?: Partial<CapacityView>;
}

/** What a reconcile would have read of such a fleet. What a launch asks of which pools is written in its intent. */
export const viewOf = (fleet: TriedFleet): CapacityView => {
  const machines = fleet.machines ?? [];
  return {
    state: {
      head: {
        fleet: fleetName('explored'),
        generation: 1,
        openIntents: {},
        answered: {},
        pools: {},
        ...fleet.head,
      },
      members: machines.map(memberOf),
    },
    records: new Map(
      machines.flatMap((machine, index) => (machine.isUnwritten ? [] : [[idOf(index), recordOf(machine, index)]])),
    ),
    backlog: { waiting: fleet.waiting ?? 0, inFlight: fleet.inFlight ?? 0, delayed: fleet.delayed ?? 0 },
    policy: somePolicy(fleet.policy),
    drainPolicy: exploredFleet({}).drain,
    outdated: new Set(machines.flatMap(({ isOutdated }, index) => (isOutdated ? [idOf(index)] : []))),
    makeIntent: ({ purchase, count, pools, reason }, now) => ({
      intentId: intentId('new'),
      purchase,
      count,
      request: pools.map(poolKey).join(' '),
      reason,
      openedAt: now,
    }),
    ...fleet.view,
  };
};

/** The pool that most stand in costs so much of the on-demand price. */
export const pricedAt = (percent: number): Partial<CapacityView> => ({
  prices: {
    form: 1,
    readAt: NOW,
    slowReadAt: NOW,
    spot: { 'm/a': 1_000 * percent, 'm/b': 30_000 },
    onDemand: { m: 100_000 },
    scores: {},
    losses: {},
  },
});

/** Launches that EC2 has not answered, by name. */
export const openIntents = (
  asked: Readonly<Record<string, { readonly purchase: Purchase; readonly count: number }>>,
): FleetHead['openIntents'] =>
  Object.fromEntries(
    Object.entries(asked).map(([name, { purchase, count }]): [string, Intent] => [
      name,
      { intentId: intentId(name), purchase, count, request: '', reason: '', openedAt: secondsAgo(5) },
    ]),
  );

/** The machines of such a fleet, by their places in it. */
export const numbersOf = (members: readonly { readonly instanceId: string }[]): string =>
  members.map((member) => Number(member.instanceId.slice(2)) - 1).join(' ');

/** What a plan does, without its reasons. */
export const tellPlan = ({ actions }: Pick<Plan, 'actions'>): string =>
  actions
    .map((action) => {
      if (action.do === 'launch') return `${action.intent.count} of ${action.intent.request}`;
      if (action.do === 'alarm') return action.metric;
      return action.do === 'leave' || action.do === 'stay' ? `${action.do} ${numbersOf([action])}` : action.do;
    })
    .join(', ');
