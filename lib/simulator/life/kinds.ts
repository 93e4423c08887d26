import type { FleetMode, FleetSettings, GroupSettings } from '../../fleet/fleet-settings.ts';
import { fleetName } from '../../fleet/ids.ts';
import type { SeededRandom } from '../random.ts';
import type { LifePlan } from './plan.ts';

/**
 * What a seed's life is about: one fleet that launches its machines itself, or whose machines somebody else launches; two
 * fleets side by side; or one that waits for spot before it pays on demand.
 */
export const LIFE_KINDS = ['manage', 'attach', 'observe', 'two-fleets', 'patient'] as const;

export type LifeKind = (typeof LIFE_KINDS)[number];

/** Whoever launches the machines of a fleet that launches none. */
export interface OwnerPlan {
  /** So many are kept running. */
  readonly machines: number;
  readonly onDemandShare: number;
  /** Machines that the owner ends for reasons of their own. */
  readonly endsAnHour: number;
  /** How long the group waits for its hook. */
  readonly hookSeconds: number;
  /** How often somebody takes the permission for one of the groups away, and gives it back minutes later. */
  readonly refusesAnHour: number;
}

/** Of all seeds. */
const ATTACH_SHARE = 0.05;
const OBSERVE_SHARE = 0.03;
const TWO_FLEETS_SHARE = 0.1;
const PATIENT_SHARE = 0.04;

const drawKind = (random: SeededRandom): LifeKind => {
  const point = random.next();
  if (point < OBSERVE_SHARE) return 'observe';
  if (point < OBSERVE_SHARE + ATTACH_SHARE) return 'attach';
  if (point < OBSERVE_SHARE + ATTACH_SHARE + TWO_FLEETS_SHARE) return 'two-fleets';
  return point > 1 - PATIENT_SHARE ? 'patient' : 'manage';
};

/** Names as the fleet file of such a life has them. */
export const GROUP = 'workers';
export const HOOK = 'spothop';
export const TARGET_GROUPS = ['arn:of/web', 'arn:of/admin'] as const;

/** A fleet file may name a group, a hook of it, and target groups, or none of them. */
const drawGroups = (random: SeededRandom): { readonly groups?: GroupSettings } => {
  const hasGroup = random.chance(0.8);
  const hasHook = random.chance(0.75);
  const targetGroups = TARGET_GROUPS.slice(0, random.whole(0, 2));
  if (!hasGroup && targetGroups.length === 0) return {};
  const named = hasGroup ? { autoScalingGroup: GROUP, ...(hasHook ? { lifecycleHook: HOOK } : {}) } : {};
  return { groups: { ...named, targetGroups, isSupervised: false } };
};

const drawOwner = (random: SeededRandom, machinesMax: number): OwnerPlan => ({
  machines: random.whole(2, machinesMax),
  onDemandShare: random.pick([0, 0.3]),
  endsAnHour: random.pick([1, 3, 6]),
  hookSeconds: random.pick([240, 600, 900]),
  refusesAnHour: random.pick([0, 0, 4]),
});

/** Somebody else's machines do not end with our stack. */
const withOwner = (random: SeededRandom, life: LifePlan, mode: FleetMode & LifeKind): LifePlan => ({
  ...life,
  kind: mode,
  isDeleted: false,
  settings: { ...life.settings, mode, launchTemplateId: '', launchTemplateVersion: '', ...drawGroups(random) },
  owner: drawOwner(random, life.settings.capacity.machinesMax),
});

/** A smaller fleet beside the first, in the same account and Region. */
const withOther = (random: SeededRandom, life: LifePlan, drawn: FleetSettings): LifePlan => {
  const machinesMax = random.whole(1, 3);
  const { capacity } = drawn;
  return {
    ...life,
    kind: 'two-fleets',
    other: {
      ...drawn,
      fleet: fleetName('smaller'),
      launchTemplateId: 'lt-smaller',
      capacity: {
        ...capacity,
        machinesMax,
        machinesMin: Math.min(capacity.machinesMin, machinesMax),
        onDemandMax: Math.min(capacity.onDemandMax, machinesMax),
      },
    },
  };
};

/** Spot is away for longer than that in some of these lives, and for less in others; a window would have reasons of its own. */
const withPatience = (random: SeededRandom, life: LifePlan): LifePlan => {
  const { window: _window, ...capacity } = life.settings.capacity;
  const onDemandAfterSeconds = random.pick([120, 300, 600]);
  const patient = { ...capacity, onDemandAfterSeconds, onDemandFallback: true };
  return { ...life, kind: 'patient', settings: { ...life.settings, capacity: patient } };
};

/** Drawn aside, so that the lives of a fleet that launches its machines itself are what they would be without the others. */
export const withKind = (
  random: SeededRandom,
  life: LifePlan,
  drawSettings: (random: SeededRandom) => FleetSettings,
  asked?: LifeKind,
): LifePlan => {
  const drawn = drawKind(random);
  const kind = asked ?? drawn;
  if (kind === 'manage') return life;
  if (kind === 'two-fleets') return withOther(random, life, drawSettings(random));
  return kind === 'patient' ? withPatience(random, life) : withOwner(random, life, kind);
};
