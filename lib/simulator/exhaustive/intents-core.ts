import type { Intent } from '../../fleet/fleet.ts';
import { type InstanceId, type IntentId, intentId } from '../../fleet/ids.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { FleetStore } from '../../ports/fleets.ts';
import type { LaunchRequest, Machines } from '../../ports/machines.ts';
import { reconcileFleet } from '../../workflows/reconcile-fleet.ts';
import { recordSignal } from '../../workflows/record-signal.ts';
import type { Actor, Core } from './explore-interleavings.ts';
import type { Gate } from './gate.ts';
import { controlPlane, createSmallWorld, NO_GATE, NO_WAKES, POOL, SETTINGS, type SmallWorld } from './small-world.ts';

/**
 * Where a search begins.
 *
 * - `nothing`: two tasks wait, and nobody has been asked for a machine.
 * - `answer lost`: somebody asked for a machine a minute ago, EC2 gave it, and the caller ended before it was written.
 * - `long ago`: the same, longer ago than its token may be repeated.
 */
export interface IntentsStart {
  readonly begins: 'nothing' | 'answer lost' | 'long ago';
  /** Reconciles that run at once. */
  readonly reconciles: number;
  /** Deliveries of one warning for the machine whose answer was lost. */
  readonly warnings: number;
}

const WANTED = 2;
const NOTICE_SECONDS = 120;
const BACKLOG = { waiting: WANTED, inFlight: 0, delayed: 0 };
const LOST = intentId('lost');

const requestFor = (id: IntentId): LaunchRequest => ({
  token: id,
  fleet: SETTINGS.fleet,
  intentId: id,
  pools: [{ pool: POOL, subnetId: 'subnet', priority: 0 }],
  count: 1,
  launchTemplateId: SETTINGS.launchTemplateId,
  launchTemplateVersion: SETTINGS.launchTemplateVersion,
  tags: {},
});

/** A machine with the tags of an open intent on it, from a launch of somebody else's: it is to stay as it is. */
const launchElsewhere = async ({ memory }: SmallWorld): Promise<InstanceId> => {
  const request = { ...requestFor(LOST), token: 'stranger' };
  const answer = await memory.machines.launch(memory.machines.serialise(request));
  return answer.answered ? answer.machines[0]!.instanceId : (undefined as never);
};

const loseAnswer = async ({ memory, clock }: SmallWorld, secondsAgo: number): Promise<void> => {
  const request = memory.machines.serialise(requestFor(LOST));
  const stored = JSON.stringify({ fleet: SETTINGS.fleet, pools: [POOL], request });
  const openedAt = addMs(clock.now(), -secondsToMs(secondsAgo));
  const intent: Intent = { intentId: LOST, purchase: 'spot', count: 1, request: stored, reason: 'explored', openedAt };
  await memory.fleets.changeHead(SETTINGS.fleet, 0, { open: [intent] });
  await memory.machines.launch(request);
};

/** Reliability B17. */
const TOKEN_SECONDS = 600;

const SECONDS_AGO = { nothing: 0, 'answer lost': 60, 'long ago': 660 } as const;

/** Judges what is asked of EC2, by rules of its own: written first, the same bytes, and at most its count. */
const watch = ({ memory, clock }: SmallWorld, lostAt: EpochMs) => {
  const broken: string[] = [];
  const isExpired = (token: string): boolean => token === LOST && clock.now() - lostAt > secondsToMs(TOKEN_SECONDS);
  const written = new Map<string, number>();
  const bytes = new Map<string, string>();
  const fleets: FleetStore = {
    ...memory.fleets,
    changeHead: async (fleet, generation, change) => {
      const outcome = await memory.fleets.changeHead(fleet, generation, change);
      if (outcome === 'done') for (const { intentId: id, count } of change.open ?? []) written.set(id, count);
      return outcome;
    },
  };
  const machines: Machines = {
    ...memory.machines,
    launch: async (serialised) => {
      const { token } = JSON.parse(serialised) as LaunchRequest;
      if (isExpired(token)) broken.push(`N4: ${token} is repeated after its token has expired`);
      if (!written.has(token)) broken.push(`N4: ${token} is asked for and written nowhere`);
      if ((bytes.get(token) ?? serialised) !== serialised) broken.push(`N4: ${token} is asked for with other bytes`);
      bytes.set(token, serialised);
      return memory.machines.launch(serialised);
    },
    terminate: async (ids) => {
      broken.push(`N2: ${ids.join(' ')} was ended, and nothing asked for that`);
      return memory.machines.terminate(ids);
    },
  };
  return { broken, written, fleets, machines };
};

/** What must hold at every moment, whoever is under way. */
const brokenNow = async (
  { memory }: SmallWorld,
  written: ReadonlyMap<string, number>,
  foreign: InstanceId,
): Promise<string[]> => {
  const { members } = await memory.fleets.read(SETTINGS.fleet);
  const { records } = memory.instances;
  const ours = memory.machines.all().filter(({ instanceId }) => instanceId !== foreign);
  const useful = ours.filter(({ instanceId }) => records.get(instanceId)?.drainingAt === undefined);
  const byIntent = Map.groupBy(ours, ({ tags }) => tags['spothop:intent'] ?? '');
  const found: string[] = [];
  if (records.has(foreign)) found.push('N2: a machine that is not ours has an item');
  // Whoever counted them before the warning was written had counted right.
  const drained = ours.length - useful.length;
  if (ours.length > WANTED + drained) found.push(`N3: ${ours.length} machines, ${WANTED} wanted, ${drained} draining`);
  for (const [intent, machines] of byIntent) {
    const count = written.get(intent) ?? 0;
    if (machines.length > count) found.push(`N4: ${machines.length} machines of ${intent}, which asks for ${count}`);
  }
  for (const { instanceId } of members) {
    if (!records.has(instanceId)) found.push(`N1: ${instanceId} has a place and no item`);
  }
  return found;
};

const brokenAtRest = async ({ memory }: SmallWorld, foreign: InstanceId, warned?: InstanceId): Promise<string[]> => {
  const { head, members } = await memory.fleets.read(SETTINGS.fleet);
  const { records } = memory.instances;
  const found = Object.keys(head.openIntents).map((id) => `N4: intent ${id} is open in the end`);
  const ours = memory.machines.all().filter(({ instanceId }) => instanceId !== foreign);
  for (const { instanceId } of ours) {
    const isMember = members.some((member) => member.instanceId === instanceId);
    if (!records.has(instanceId) || !isMember) found.push(`N1: ${instanceId} is nobody's in the end`);
  }
  const useful = ours.filter(({ instanceId }) => records.get(instanceId)?.drainingAt === undefined);
  if (useful.length !== WANTED) found.push(`${useful.length} machines in the end, ${WANTED} wanted`);
  if (warned !== undefined && records.get(warned)?.drainingAt === undefined) {
    found.push(`O1: ${warned} was warned and does not drain in the end`);
  }
  return found;
};

/** Reconciles of one fleet, and warnings for a machine that nobody has written down yet, all at once. */
export const intentsCore =
  ({ begins, reconciles, warnings }: IntentsStart) =>
  async (): Promise<Core> => {
    const small = createSmallWorld();
    const watched = watch(small, addMs(small.clock.now(), -secondsToMs(SECONDS_AGO[begins])));
    const overrides = { fleets: watched.fleets, machines: watched.machines, backlog: BACKLOG };
    if (begins !== 'nothing') {
      await loseAnswer(small, SECONDS_AGO[begins]);
      watched.written.set(LOST, 1);
    }
    const machine = small.memory.machines.all()[0]?.instanceId;
    const foreign = await launchElsewhere(small);
    const reconcile = (name: string, gate: Pick<Gate, 'port'>) =>
      reconcileFleet(controlPlane(small, name, gate, overrides), NO_WAKES, SETTINGS);
    const names = Array.from({ length: reconciles }, (_, index) => `reconcile ${index + 1}`);
    let handled = 0;
    /** One that fails or ends before it is through comes again from its queue. */
    const warn = async (name: string, gate: Pick<Gate, 'port'>): Promise<void> => {
      const now = small.clock.now();
      const signal = { kind: 'spot-interruption', instanceId: machine!, at: now } as const;
      const deadline = addMs(now, secondsToMs(NOTICE_SECONDS));
      await recordSignal(controlPlane(small, name, gate, overrides), NO_WAKES, { ...signal, deadline });
      handled += 1;
    };
    const deliveries = Array.from({ length: warnings }, (_, index) => `warning ${index + 1}`);
    return {
      actors: [
        ...names.map((name): Actor => ({ name, run: (gate) => reconcile(name, gate) })),
        ...deliveries.map((name): Actor => ({ name, run: (gate) => warn(name, gate) })),
      ],
      stateText: async () =>
        JSON.stringify([
          await small.memory.fleets.read(SETTINGS.fleet),
          [...small.memory.instances.records.values()],
          small.memory.machines.all(),
          machine === undefined ? [] : await small.memory.fleets.unclaimed(machine, small.clock.now()),
        ]),
      broken: async () => [...watched.broken, ...(await brokenNow(small, watched.written, foreign))],
      brokenInTheEnd: async () => {
        if (handled < warnings) await warn('warning again', NO_GATE);
        for (const name of ['later 1', 'later 2', 'later 3']) await reconcile(name, NO_GATE);
        return [...watched.broken, ...(await brokenAtRest(small, foreign, warnings > 0 ? machine : undefined))];
      },
    };
  };
