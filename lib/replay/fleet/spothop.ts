import {
  decideFleetPurchase,
  type FleetDemand,
  type FleetPurchase,
  uncoveredSecondsOf,
} from '../../decisions/decide-fleet-purchase.ts';
import { afterFleetLoss, type FleetLosses, NO_LOSSES } from '../../decisions/fleet-hedge.ts';
import {
  afterAnswer,
  afterHolding,
  afterLoss,
  type FleetPoolRecord,
  NEW_POOL,
} from '../../decisions/fleet-pool-record.ts';
import { afterService, type FleetShortfall, NO_SHORTFALL } from '../../decisions/fleet-shortfall.ts';
import {
  type FleetMachine,
  type FleetPlan,
  type FleetPolicy,
  type FleetPolicyMaker,
  type FleetRules,
  type FleetView,
  isReady,
} from './fleet.ts';

const THROUGHPUT_GOAL = 0.995;

/** What somebody asks of a fleet beyond its rules. */
export type FleetTerms = Pick<FleetDemand, 'throughputGoal' | 'onDemandBase' | 'spotShareMax' | 'isSpreadEvenly'>;

const machinesIn = (machines: readonly FleetMachine[], pool: number): number =>
  machines.filter(({ place }) => place === pool).length;

class Buyer implements FleetPolicy {
  private readonly demand: FleetDemand;
  private readonly spotPrice: number;
  private records: readonly FleetPoolRecord[] = [];
  private losses: FleetLosses = NO_LOSSES;
  private shortfall: FleetShortfall = NO_SHORTFALL;
  private countedToSeconds: number;
  private readonly told = new Set<number>();

  constructor(rules: FleetRules, terms: FleetTerms) {
    this.demand = { ...rules, ...terms };
    this.spotPrice = rules.spotPrice;
    this.countedToSeconds = rules.coldStartSeconds;
  }

  decide(view: FleetView): FleetPlan {
    this.count(view);
    this.learn(view);
    const purchase = decideFleetPurchase(this.demand, {
      nowSeconds: view.nowSeconds,
      machines: view.machines.map((machine) => ({
        id: machine.id,
        ...(machine.place === 'on-demand' ? {} : { pool: view.poolNames[machine.place]! }),
        isReady: isReady(machine, view.nowSeconds),
        isLeaving: view.warned.has(machine.id),
      })),
      pools: view.poolNames.map((name, pool) => ({ name, price: this.spotPrice, record: this.records[pool]! })),
      losses: this.losses,
      shortfall: this.shortfall,
    });
    return this.planOf(view, purchase);
  }

  /** What is ready at the start of a step works for the whole of it; before the first start-up nobody could. */
  private count({ nowSeconds, machines, rules: { workers, stepSeconds } }: FleetView): void {
    if (nowSeconds < this.countedToSeconds) return;
    const ready = machines.filter((machine) => isReady(machine, nowSeconds)).length;
    this.shortfall = afterService(this.shortfall, { workers, ready, seconds: stepSeconds });
    this.countedToSeconds = nowSeconds + stepSeconds;
  }

  /** A warning teaches as much as the loss that follows, two minutes earlier; the loss then teaches nothing new. */
  private learn({ poolNames, machines, warned, lost, answers, nowSeconds }: FleetView): void {
    const gone = [...lost, ...machines.filter(({ id }) => warned.has(id))].filter(({ id }) => !this.told.has(id));
    for (const { id } of gone) this.told.add(id);
    const ready = gone.filter((machine) => isReady(machine, nowSeconds)).map(({ place }) => poolNames[Number(place)]!);
    if (ready.length > 0) this.losses = afterFleetLoss(this.losses, ready, nowSeconds);
    this.records = poolNames.map((_, pool) => {
      const held = afterHolding(this.records[pool] ?? NEW_POOL, machinesIn(machines, pool), nowSeconds);
      const taken = machinesIn(gone, pool);
      const hurt = taken === 0 ? held : afterLoss(held, taken, nowSeconds, uncoveredSecondsOf(this.demand));
      const answer = answers.find(({ place }) => place === pool);
      return answer === undefined ? hurt : afterAnswer(hurt, answer.granted === answer.count, nowSeconds);
    });
  }

  private planOf(view: FleetView, { spot, onDemand, release }: FleetPurchase): FleetPlan {
    const asked = [...spot].map(([name, count]) => ({ place: view.poolNames.indexOf(name), count }));
    return { launch: onDemand > 0 ? [...asked, { place: 'on-demand', count: onDemand }] : asked, release };
  }
}

/** Ours, told what is asked of it: more throughput is dearer. */
export const spothopFleetOn = (terms: FleetTerms): FleetPolicyMaker => ({
  name: 'spothop',
  create: (rules) => new Buyer(rules, terms),
});

export const spothopFleet = spothopFleetOn({ throughputGoal: THROUGHPUT_GOAL });
