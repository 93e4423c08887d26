import {
  decideFleetPurchase,
  type FleetDemand,
  type FleetPurchase,
  uncoveredSecondsOf,
} from '../../decisions/decide-fleet-purchase.ts';
import { afterFleetLoss, type FleetLosses } from '../../decisions/fleet-hedge.ts';
import {
  afterAnswer,
  afterHolding,
  afterLoss,
  type FleetPoolRecord,
  NEW_POOL,
} from '../../decisions/fleet-pool-record.ts';
import {
  type FleetMachine,
  type FleetPlan,
  type FleetPolicy,
  type FleetPolicyMaker,
  type FleetRules,
  type FleetView,
  isReady,
} from './fleet.ts';

/** Half of the goal of 99.5 % for what losses cost; the rest is for what nobody foresaw. */
const ALLOWED_LOSS_SHARE = 0.0025;

const machinesIn = (machines: readonly FleetMachine[], pool: number): number =>
  machines.filter(({ place }) => place === pool).length;

class Buyer implements FleetPolicy {
  private readonly demand: FleetDemand;
  private readonly spotPrice: number;
  private records: readonly FleetPoolRecord[] = [];
  private losses: FleetLosses = { sinceSeconds: 0, bursts: [] };
  private readonly told = new Set<number>();

  constructor(rules: FleetRules, allowedLossShare: number) {
    this.demand = { ...rules, allowedLossShare };
    this.spotPrice = rules.spotPrice;
  }

  decide(view: FleetView): FleetPlan {
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
    });
    return this.planOf(view, purchase);
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

/** Ours, told how much of the work losses may cost: less is dearer. */
export const spothopFleetAt = (name: string, allowedLossShare: number): FleetPolicyMaker => ({
  name,
  create: (rules) => new Buyer(rules, allowedLossShare),
});

export const spothopFleet = spothopFleetAt('spothop', ALLOWED_LOSS_SHARE);
