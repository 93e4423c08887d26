import { decideInstance, type InstanceView } from '../decisions/decide-instance.ts';
import type { Plan } from '../decisions/plan.ts';
import { type InstanceRecord, isAttached, lifecycleOf } from '../fleet/instance.ts';
import { FIRST_HOUR_SECONDS } from '../fleet/limits.ts';
import { KEPT_FOR_ADOPTION, SIGNAL_GRAVITY, type Signal } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';
import { executePlan } from './execute-plan.ts';
import type { WakeCollector } from './wakes.ts';
import { settingsOf, type World } from './world.ts';

export type SignalOutcome = 'recorded' | 'unclaimed' | 'not-ours';

/** A machine without an item: not ours, or not adopted yet. Answers its item when it has just come. */
const withoutItem = async (
  world: World,
  signal: Signal,
  drains: boolean,
  now: EpochMs,
): Promise<InstanceRecord | Exclude<SignalOutcome, 'recorded'>> => {
  if (!KEPT_FOR_ADOPTION.includes(signal.kind)) {
    world.metrics.count('SignalsNotOurs');
    return 'not-ours';
  }
  await world.fleets.keepUnclaimed(signal, now);
  // An adoption between the two writes has read what was unclaimed too early to find this.
  const adopted = await world.instances.recordSignal(signal, drains, now);
  if (adopted !== undefined) return adopted;
  world.metrics.count('SignalsUnclaimed');
  return 'unclaimed';
};

const countRecorded = (world: World, signal: Signal, record: InstanceRecord, now: EpochMs): void => {
  const dimensions = { fleet: record.fleet };
  world.metrics.count('SignalsRecorded', 1, dimensions);
  if (record.drainingAt !== now) return;
  world.metrics.count('InstancesDraining', 1, dimensions);
  world.metrics.count('NoticeToDraining', Math.max(0, now - signal.at), dimensions);
};

/** Decides about one machine from its item, and does it; answers what was done. What a delivery of a signal and a reconcile share. */
export const reconcileInstance = async (
  world: World,
  wakes: WakeCollector,
  record: InstanceRecord,
  options: Pick<InstanceView, 'seenBy' | 'isEndTold'>,
): Promise<Plan | undefined> => {
  const settings = settingsOf(world, record.fleet);
  if (settings?.mode === 'observe') return undefined;
  const view = {
    record,
    policy: settings?.drain ?? UNKNOWN_FLEET_DRAIN,
    mayTerminate: !isAttached(record) && (settings === undefined || settings.mode === 'manage'),
    maximumAgeSeconds: settings?.maximumAgeSeconds ?? FIRST_HOUR_SECONDS,
    ...options,
  };
  const plan = decideInstance(view, world.clock.now());
  await executePlan(world, wakes, plan);
  return plan;
};

/** A machine whose fleet has left the fleet file is drained by the most careful rules. */
export const UNKNOWN_FLEET_DRAIN = {
  marginSeconds: 10,
  windowSeconds: 120,
  warySeconds: 900,
  rebalance: 'wary',
} as const;

/** A cancelled change takes back what its announcement recorded; everything else is written down. */
const writeSignal = (
  world: World,
  signal: Signal,
  drains: boolean,
  now: EpochMs,
): Promise<InstanceRecord | undefined> =>
  signal.kind === 'scheduled-change-cancelled'
    ? world.instances.withdraw(signal.instanceId, 'scheduled-change')
    : world.instances.recordSignal(signal, drains, now);

/**
 * Records one signal on its machine, then decides and acts from the item that the write answered. Every delivery does
 * the same, first or tenth: recording is idempotent, and so is everything after it.
 */
export const recordSignal = async (world: World, wakes: WakeCollector, signal: Signal): Promise<SignalOutcome> => {
  const now = world.clock.now();
  const drains = SIGNAL_GRAVITY[signal.kind] === 'ends';
  const record = (await writeSignal(world, signal, drains, now)) ?? (await withoutItem(world, signal, drains, now));
  if (typeof record === 'string') return record;
  countRecorded(world, signal, record, now);
  const lifecycle = lifecycleOf(record, settingsOf(world, record.fleet)?.drain ?? UNKNOWN_FLEET_DRAIN, now);
  world.log.info('Recorded a signal.', {
    instanceId: signal.instanceId,
    kind: signal.kind,
    fleet: record.fleet,
    lifecycle,
  });
  await reconcileInstance(world, wakes, record, { seenBy: 'signal', isEndTold: false });
  return 'recorded';
};
