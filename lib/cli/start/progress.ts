import type { EpochMs } from '../../fleet/time.ts';
import { clockTime } from '../clock-time.ts';
import { livingMachines, type RunTally, tasksWith } from './run-tally.ts';

const HOUR_MS = 3_600_000;
const MICROS = 1_000_000;
const BAR_CELLS = 30;

/** What machines have cost so far at the prices now in force: good enough to watch; the report integrates exactly. */
const roughCost = (tally: RunTally, now: EpochMs): number => {
  const micros = [...tally.machines.values()].reduce((sum, { pool, runningAt, endedAt }) => {
    if (runningAt === undefined) return sum;
    return sum + ((tally.prices.get(pool) ?? 0) * Math.max(0, (endedAt ?? now) - runningAt)) / HOUR_MS;
  }, 0);
  return micros / MICROS;
};

const bar = (share: number): string => {
  const filled = Math.round(share * BAR_CELLS);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)}`;
};

interface Counts {
  readonly elapsed: string;
  readonly done: number;
  readonly running: number;
  readonly total: number;
  readonly spot: number;
  readonly onDemand: number;
  readonly leaving: number;
  readonly booting: number;
  readonly cost: string;
}

const countsAt = (tally: RunTally, startedAt: EpochMs, now: EpochMs): Counts => {
  const living = livingMachines(tally);
  const up = living.filter((machine) => machine.runningAt !== undefined);
  return {
    elapsed: clockTime(now - startedAt),
    done: tasksWith(tally, 'done'),
    running: tasksWith(tally, 'running'),
    total: tally.tasks.size,
    spot: up.filter((machine) => machine.purchase === 'spot').length,
    onDemand: up.filter((machine) => machine.purchase === 'on-demand').length,
    leaving: up.filter((machine) => machine.drainingAt !== undefined).length,
    booting: living.length - up.length,
    cost: roughCost(tally, now).toFixed(4),
  };
};

/** One plain line, for logs and pipes. */
export const progressLine = (tally: RunTally, startedAt: EpochMs, now: EpochMs): string => {
  const c = countsAt(tally, startedAt, now);
  return (
    `${c.elapsed}  tasks ${c.done}/${c.total} done, ${c.running} running` +
    `  machines ${c.spot} spot, ${c.onDemand} on demand, ${c.booting} booting, ${c.leaving} draining` +
    `  interruptions ${tally.warned} warned, ${tally.unwarned} unwarned, ${tally.rebalances} rebalances` +
    `  about ${c.cost} USD`
  );
};

/** More machines than these would not fit beside their numbers. */
const SIGNS_MAX = 16;

const machineSigns = ({ spot, onDemand, booting }: Counts): string =>
  `${'●'.repeat(spot)}${'◆'.repeat(onDemand)}${'○'.repeat(booting)}`.slice(0, SIGNS_MAX);

/** The live view of a terminal, redrawn in place. It fits 80 columns. */
export const progressBlock = (tally: RunTally, startedAt: EpochMs, now: EpochMs): readonly string[] => {
  const c = countsAt(tally, startedAt, now);
  return [
    '',
    `  time           ${c.elapsed} of service time`,
    `  tasks          ${bar(c.total === 0 ? 0 : c.done / c.total)} ${c.done}/${c.total}, ${c.running} running`,
    `  machines       ${machineSigns(c)}`,
    `                 ● ${c.spot} spot, ◆ ${c.onDemand} on demand, ○ ${c.booting} booting; ${c.leaving} draining`,
    `  interruptions  ${tally.warned} warned, ${tally.unwarned} without warning, ${tally.rebalances} rebalances`,
    `  cost           about ${c.cost} USD`,
  ];
};
