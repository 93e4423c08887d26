import type { Purchase } from '../../fleet/pool.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { describeHappening, type ScriptedHappening } from '../../market/script.ts';
import type { Machine, MachineState } from '../machines/machine.ts';
import type { Ec2State } from './state.ts';

/** A machine as the demonstration and the tests look at it. */
export interface MachineSnapshot {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly purchase: Purchase;
  readonly state: MachineState;
  readonly launchedAt: EpochMs;
  readonly tags: Readonly<Record<string, string>>;
  readonly pid?: number;
  readonly deadlineAt?: EpochMs;
}

export const snapshotOf = (machine: Machine): MachineSnapshot => {
  const { instanceId, instanceType, zone, purchase, launchedAt, tags } = machine.launch;
  return {
    instanceId,
    instanceType,
    zone,
    purchase,
    launchedAt,
    tags,
    state: machine.state,
    ...(machine.pid === undefined ? {} : { pid: machine.pid }),
    ...(machine.deadlineAt === undefined ? {} : { deadlineAt: machine.deadlineAt }),
  };
};

/** What the market was and what it did, for the end of a run. */
export interface MarketSummary {
  readonly seed: number;
  readonly restlessness: number;
  readonly launches: Readonly<Record<Purchase, number>>;
  readonly notices: number;
  readonly reclaims: number;
  readonly killsWithoutWarning: number;
  /** Each scripted happening, in words. */
  readonly scripted: readonly string[];
  readonly text: readonly string[];
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

const describeMarket = (state: Ec2State): readonly string[] => {
  const { settings } = state.market;
  const restlessness =
    settings.restlessness === 1
      ? 'as measured'
      : `${settings.restlessness} × what was measured (a setting of this run)`;
  return [
    `spot market: generated from seed ${settings.seed}, ${settings.types.length} types × ${settings.zones.length} zones`,
    `risk of reclaim: ${restlessness}; ${percent(settings.correlation)} of it strikes a whole pool at once`,
    `reclaims without any warning: ${percent(settings.shareWithoutWarning)}; with a rebalance recommendation before: ${percent(settings.shareWithRebalance)}`,
  ];
};

export const summarise = (state: Ec2State, happenings: readonly ScriptedHappening[]): MarketSummary => {
  const lines = state.context.recorder.lines().filter((line) => line.kind === 'machine');
  const count = (what: string, purchase?: Purchase): number =>
    lines.filter((line) => line['what'] === what && (purchase === undefined || line['purchase'] === purchase)).length;
  const scripted = happenings.map(describeHappening);
  const { seed, restlessness } = state.market.settings;
  return {
    seed,
    restlessness,
    launches: { spot: count('launch', 'spot'), 'on-demand': count('launch', 'on-demand') },
    notices: count('notice'),
    reclaims: count('reclaim'),
    killsWithoutWarning: count('kill'),
    scripted,
    text: [...describeMarket(state), ...scripted],
  };
};
