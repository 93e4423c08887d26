import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import { fleetName } from '../../fleet/ids.ts';
import type { SeededRandom } from '../random.ts';
import { type LifeKind, type OwnerPlan, withKind } from './kinds.ts';

/** What a seed's life is: drawn before it begins, so that it can be shown and shrunk. */
export interface LifePlan {
  readonly kind: LifeKind;
  readonly settings: FleetSettings;
  /** How long faults go on. */
  readonly safetyMs: number;
  readonly tasks: number;
  /** Tasks that one machine runs at once. */
  readonly slots: number;
  readonly failuresMax: number;
  readonly retryDelaySeconds: number;
  /** On average, how long EC2 lets a spot machine live. */
  readonly spotMeanMinutes: number;
  /** Of all calls, the share that is slow, and by how much at most. */
  readonly slowShare: number;
  readonly slowMsMax: number;
  /** Events that EventBridge loses, and how late the others may be. */
  readonly eventLossShare: number;
  readonly eventDelaySecondsMax: number;
  readonly wakeLossShare: number;
  /** The silent machine of the last phase hangs, or is taken without a word. */
  readonly probe: 'freeze' | 'vanish';
  /** Instead of healing, the stack is deleted: every machine has to end by itself. */
  readonly isDeleted: boolean;
  /** There where the work queue moves what was received so often to a queue of its own. */
  readonly receivesMax?: number;
  /** There where the life has two fleets. */
  readonly other?: FleetSettings;
  /** There where the fleet launches nothing. */
  readonly owner?: OwnerPlan;
}

const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'];
const TYPES = ['c7g.large', 'm7g.large'];

const MINUTE_MS = 60_000;

/** For which an agent hides the message of a task that it runs. */
export const VISIBILITY_SECONDS = 60;

const drawSettings = (random: SeededRandom, machines: number | undefined): FleetSettings => {
  const zones = ZONES.slice(0, random.whole(2, 3));
  const types = TYPES.slice(0, random.whole(1, 2));
  const machinesMax = machines ?? random.whole(4, 5);
  return {
    fleet: fleetName('simulated'),
    mode: 'manage',
    drain: {
      marginSeconds: random.pick([5, 10, 20]),
      windowSeconds: 120,
      warySeconds: random.pick([300, 900]),
      rebalance: random.pick(['wary', 'wary', 'ignore', 'drain']),
    },
    capacity: {
      machinesMin: random.pick([0, 0, 0, 1]),
      machinesMax,
      targetBacklog: machines === undefined ? random.whole(1, 4) : 1,
      onDemandBase: random.pick([0, 0, 0, 1]),
      onDemandFallback: random.chance(0.8),
      onDemandMax: random.whole(1, machinesMax),
      spotPercentMax: 90,
      spotStrategy: random.pick(['capacity', 'capacity', 'balanced', 'cheapest']),
      places: types.flatMap((instanceType) =>
        zones.map((zone) => ({ instanceType, zone, subnetId: `subnet-${zone}` })),
      ),
    },
    maximumAgeSeconds: random.chance(0.15) ? random.whole(1_500, 3_000) : 86_400,
    launchTemplateId: 'lt-simulated',
    launchTemplateVersion: '1',
    upgrade: 'on-replacement',
    tags: {},
  };
};

export interface PlanOptions {
  /** Of fleet life with faults; between 44 and 52 minutes when absent. */
  readonly hours?: number;
  /** So many machines, most of which are taken at once, twice. */
  readonly storm?: number;
  /** A life of this kind, whatever the seed would have drawn. */
  readonly life?: LifeKind;
}

const drawLife = (random: SeededRandom, { hours, storm }: PlanOptions): LifePlan => ({
  kind: 'manage',
  settings: drawSettings(random, storm),
  safetyMs: storm !== undefined ? 15 * MINUTE_MS : (hours ?? random.between(44, 52) / 60) * 60 * MINUTE_MS,
  tasks: storm === undefined ? random.whole(40, 50) : 4 * storm,
  slots: random.pick([1, 1, 2, 3]),
  failuresMax: random.whole(2, 4),
  retryDelaySeconds: random.pick([5, 30, 90]),
  spotMeanMinutes: random.magnitude(8, 60),
  slowShare: random.pick([0, 0, 0.02, 0.2]),
  slowMsMax: random.magnitude(50, 3_000),
  eventLossShare: random.pick([0, 0, 0.1, 0.5]),
  eventDelaySecondsMax: random.pick([1, 5, 20, 90]),
  wakeLossShare: random.pick([0, 0, 0.1, 0.5]),
  probe: random.chance(0.3) ? 'freeze' : 'vanish',
  isDeleted: storm === undefined && random.chance(0.03),
});

/** Of one that is over before the life is to one in which there is time for everything. */
const WINDOW_SECONDS = [1_800, 3_600, 7_200, 43_200];

/** One life in five has a window; it is drawn aside, so that the others are what they would be without. */
const withWindow = (random: SeededRandom, life: LifePlan): LifePlan => {
  if (!random.chance(0.2)) return life;
  const window = { windowSeconds: random.pick(WINDOW_SECONDS), slots: life.slots };
  return { ...life, settings: { ...life.settings, capacity: { ...life.settings.capacity, window } } };
};

/** Draining for longer than a notice is rare, and drawn aside as well. */
const withLongDrains = (random: SeededRandom, life: LifePlan): LifePlan => {
  if (!random.chance(0.1)) return life;
  const drain = { ...life.settings.drain, windowSeconds: random.pick([180, 300, 600]) };
  return { ...life, settings: { ...life.settings, drain } };
};

/** One queue in five was made by others, with a limit of receipts. */
const withReceivesMax = (random: SeededRandom, life: LifePlan): LifePlan =>
  random.chance(0.2) ? { ...life, receivesMax: random.pick([3, 5, 10]) } : life;

export const drawPlan = (random: SeededRandom, options: PlanOptions): LifePlan => {
  const drawn = withWindow(random.fork('window'), drawLife(random, options));
  const drained = withLongDrains(random.fork('long drains'), drawn);
  const life = withReceivesMax(random.fork('receipts'), drained);
  const kind = options.storm === undefined ? options.life : 'manage';
  return withKind(random.fork('kind'), life, (of) => drawSettings(of, undefined), kind);
};
