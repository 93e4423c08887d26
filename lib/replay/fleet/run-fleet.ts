import {
  type FleetMachine,
  type FleetMarket,
  type FleetOutcome,
  type FleetPlace,
  type FleetPlan,
  type FleetPolicy,
  type FleetPolicyMaker,
  type FleetRules,
  type FleetStep,
  type FleetView,
  isReady,
  type LaunchAnswer,
} from './fleet.ts';

/** A policy may ask again in the same step after a refusal: another pool, then on demand. */
const ROUNDS_MAX = 6;
const NO_MACHINES: readonly FleetMachine[] = [];

const machinesIn = (machines: readonly FleetMachine[], place: FleetPlace): readonly FleetMachine[] =>
  machines.filter((machine) => machine.place === place);

/** Those whose rank in their pool is above the count: the newest go first. */
const beyond = (market: FleetMarket, machines: readonly FleetMachine[], step: number): readonly FleetMachine[] =>
  market.pools.flatMap(({ counts }, pool) => machinesIn(machines, pool).slice(counts[step] ?? 0));

const warnedOf = (
  market: FleetMarket,
  rules: FleetRules,
  machines: readonly FleetMachine[],
  step: number,
): ReadonlySet<number> => {
  const ahead = Math.floor(rules.warningSeconds / rules.stepSeconds);
  const last = Math.min(step + ahead, market.pools[0]!.counts.length - 1);
  const warned = new Set<number>();
  for (let later = step + 1; later <= last; later += 1) {
    for (const { id } of beyond(market, machines, later)) warned.add(id);
  }
  return warned;
};

class Replay {
  machines: readonly FleetMachine[] = [];
  launches = 0;
  private nextId = 0;
  private readonly market: FleetMarket;
  private readonly rules: FleetRules;

  constructor(market: FleetMarket, rules: FleetRules) {
    this.market = market;
    this.rules = rules;
  }

  /** Takes what the market takes. */
  lose(step: number): readonly FleetMachine[] {
    const lost = new Set(beyond(this.market, this.machines, step));
    if (lost.size === 0) return NO_MACHINES;
    this.machines = this.machines.filter((machine) => !lost.has(machine));
    return [...lost];
  }

  private roomIn(place: FleetPlace, step: number): number {
    if (place === 'on-demand') return Number.POSITIVE_INFINITY;
    return Math.max(0, this.market.pools[place]!.counts[step]! - machinesIn(this.machines, place).length);
  }

  carryOut({ launch, release }: FleetPlan, step: number): readonly LaunchAnswer[] {
    const released = new Set(release);
    this.machines = this.machines.filter(({ id }) => !released.has(id));
    return launch.map(({ place, count }) => {
      const granted = Math.min(count, this.roomIn(place, step));
      this.machines = [...this.machines, ...Array.from({ length: granted }, () => this.launched(place, step))];
      this.launches += granted;
      return { place, count, granted };
    });
  }

  private launched(place: FleetPlace, step: number): FleetMachine {
    const launchedAtSeconds = step * this.rules.stepSeconds;
    const readyAtSeconds = launchedAtSeconds + this.rules.coldStartSeconds;
    return { id: this.nextId++, place, launchedAtSeconds, readyAtSeconds };
  }
}

const isEmpty = ({ launch, release }: FleetPlan): boolean => launch.length === 0 && release.length === 0;

/** One step: the market takes, then the policy acts until it wants nothing more. */
const playStep = (replay: Replay, policy: FleetPolicy, market: FleetMarket, rules: FleetRules, step: number): void => {
  let lost = replay.lose(step);
  let answers: readonly LaunchAnswer[] = [];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const view: FleetView = {
      rules,
      poolNames: market.pools.map(({ name }) => name),
      nowSeconds: step * rules.stepSeconds,
      machines: replay.machines,
      warned: warnedOf(market, rules, replay.machines, step),
      lost,
      answers,
    };
    const plan = policy.decide(view);
    if (isEmpty(plan)) return;
    answers = replay.carryOut(plan, step);
    lost = NO_MACHINES;
  }
};

const stepOf = (machines: readonly FleetMachine[], nowSeconds: number): FleetStep => ({
  ready: machines.filter((machine) => isReady(machine, nowSeconds)).length,
  spot: machines.filter(({ place }) => place !== 'on-demand').length,
  onDemand: machinesIn(machines, 'on-demand').length,
});

/** The cheapest that could have run in a step: spot as far as there was any, on-demand for the rest. */
const leastSpot = (market: FleetMarket, { workers }: FleetRules, step: number): number =>
  Math.min(
    workers,
    market.pools.reduce((sum, { counts }) => sum + counts[step]!, 0),
  );

const outcomeOf = (market: FleetMarket, rules: FleetRules, steps: readonly FleetStep[], from: number) => {
  const { workers, spotPrice, onDemandPrice, stepSeconds } = rules;
  const hours = stepSeconds / 3_600;
  const measured = steps.slice(from);
  const sum = (figure: (step: FleetStep, index: number) => number): number =>
    measured.reduce((total, step, index) => total + figure(step, index), 0);
  return {
    cost: hours * sum(({ spot, onDemand }) => spot * spotPrice + onDemand * onDemandPrice),
    availability: sum(({ ready }) => (ready >= workers ? 1 : 0)) / measured.length,
    throughput: sum(({ ready }) => Math.min(ready, workers)) / (workers * measured.length),
    leastCost:
      hours *
      sum((_, index) => {
        const spot = leastSpot(market, rules, from + index);
        return spot * spotPrice + (workers - spot) * onDemandPrice;
      }),
    onDemandCost: hours * measured.length * workers * onDemandPrice,
  };
};

/**
 * Replays a fleet on counts. Neither cost nor work is counted in the first start-up: no policy can have a machine before,
 * and on a short trace it would be all that one sees.
 */
export const runFleet = (maker: FleetPolicyMaker, market: FleetMarket, rules: FleetRules): FleetOutcome => {
  const policy = maker.create(rules);
  const replay = new Replay(market, rules);
  const steps: FleetStep[] = [];
  for (let step = 0; step < market.pools[0]!.counts.length; step += 1) {
    playStep(replay, policy, market, rules, step);
    steps.push(stepOf(replay.machines, step * rules.stepSeconds));
  }
  const warmUpSteps = Math.ceil(rules.coldStartSeconds / rules.stepSeconds);
  return { ...outcomeOf(market, rules, steps, warmUpSteps), launches: replay.launches, steps };
};
