import type { FleetMachine, FleetPlan, FleetPolicyMaker, FleetRules, FleetView, LaunchRequest } from './fleet.ts';
import { isReady } from './fleet.ts';

/** How many of each a policy of the literature wants, from how many spot machines are ready. */
interface Mix {
  readonly spot: (rules: FleetRules) => number;
  readonly onDemand: (rules: FleetRules, readySpot: number) => number;
}

const staying = ({ machines, warned }: FleetView): readonly FleetMachine[] =>
  machines.filter(({ id }) => !warned.has(id));

/** Pools that have not refused in this step, the one with the fewest machines first: what is spread is lost last. */
const poolsToAsk = (view: FleetView, refused: ReadonlySet<number>): readonly number[] => {
  const held = view.poolNames.map((_, pool) => view.machines.filter(({ place }) => place === pool).length);
  return view.poolNames
    .map((_, pool) => pool)
    .filter((pool) => !refused.has(pool))
    .sort((one, other) => held[one]! - held[other]! || one - other);
};

const spreadOver = (pools: readonly number[], count: number): readonly LaunchRequest[] =>
  pools
    .map((place, index) => ({ place, count: Math.floor((count + pools.length - 1 - index) / pools.length) }))
    .filter((request) => request.count > 0);

const newestFirst = (machines: readonly FleetMachine[], count: number): readonly number[] =>
  machines
    .slice(Math.max(0, machines.length - count))
    .map(({ id }) => id)
    .reverse();

const planOf = (mix: Mix, view: FleetView, refused: ReadonlySet<number>): FleetPlan => {
  const here = staying(view);
  const spot = here.filter(({ place }) => place !== 'on-demand');
  const onDemand = here.filter(({ place }) => place === 'on-demand');
  const readySpot = spot.filter((machine) => isReady(machine, view.nowSeconds)).length;
  const wantedOnDemand = mix.onDemand(view.rules, readySpot);
  const missing = Math.max(0, mix.spot(view.rules) - spot.length);
  const onDemandMissing = wantedOnDemand - onDemand.length;
  return {
    launch: [
      ...spreadOver(poolsToAsk(view, refused), missing),
      ...(onDemandMissing > 0 ? [{ place: 'on-demand' as const, count: onDemandMissing }] : []),
    ],
    release: onDemandMissing < 0 ? newestFirst(onDemand, -onDemandMissing) : [],
  };
};

const fleetOf = (name: string, mix: Mix): FleetPolicyMaker => ({
  name,
  create: () => {
    let refused = new Set<number>();
    let refusedAtSeconds = -1;
    return {
      decide: (view) => {
        if (view.nowSeconds !== refusedAtSeconds) refused = new Set();
        refusedAtSeconds = view.nowSeconds;
        for (const { place, count, granted } of view.answers) {
          if (place !== 'on-demand' && granted < count) refused.add(place);
        }
        return planOf(mix, view, refused);
      },
    };
  },
});

const fallback = ({ workers }: FleetRules, readySpot: number): number => Math.max(0, workers - readySpot);

/** So many spot machines more than needed, spread, and on-demand for each that is not ready (after SkyServe, 2025). */
const spotHedge = (extra: number): FleetPolicyMaker =>
  fleetOf(`spothedge+${extra}`, { spot: ({ workers }) => workers + extra, onDemand: fallback });

/** What fleets are compared with: simplified forms of what is published and of what AWS offers. */
export const FLEET_MIXES: readonly FleetPolicyMaker[] = [
  fleetOf('dynamic-fallback', { spot: ({ workers }) => workers, onDemand: fallback }),
  spotHedge(1),
  spotHedge(2),
  fleetOf('static-mix', {
    spot: ({ workers }) => Math.floor(workers / 2),
    onDemand: ({ workers }) => Math.ceil(workers / 2),
  }),
  fleetOf('spot-only', { spot: ({ workers }) => workers, onDemand: () => 0 }),
  fleetOf('on-demand', { spot: () => 0, onDemand: ({ workers }) => workers }),
];
