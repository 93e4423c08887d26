import { parseArgs } from 'node:util';
import { machineTime } from '../../lib/clock/machine-time.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';
import { largeFleet, NOW } from './large-fleet.ts';

const HELP = `Measures one decision about a fleet's capacity: pools ranked, machines counted, launches and leavers planned.

  npm run bench -- capacity [--json]

--json  one line: {"capacity": {"decisions": [{machines, pools, medianMs, lookUpsPerMachine}], "growth": …}}
        growth is how much longer ten times as many machines take; 10 is in proportion.
`;

const DECISIONS = 25;
const SIZES = [
  { machines: 500, pools: 200 },
  { machines: 5_000, pools: 20 },
  { machines: 5_000, pools: 200 },
] as const;

interface Figure {
  readonly machines: number;
  readonly pools: number;
  readonly medianMs: number;
  readonly lookUpsPerMachine: number;
}

const median = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[values.length >> 1]!;

const measure = ({ machines, pools }: (typeof SIZES)[number]): Figure => {
  const { view, lookUps } = largeFleet(machines, pools);
  const took = Array.from({ length: DECISIONS }, () => {
    const from = machineTime.steadyMs();
    decideCapacity(view, NOW);
    return machineTime.steadyMs() - from;
  });
  return { machines, pools, medianMs: median(took), lookUpsPerMachine: lookUps() / DECISIONS / machines };
};

const line = ({ machines, pools, medianMs, lookUpsPerMachine }: Figure): string =>
  `${String(machines).padStart(5)} machines, ${String(pools).padStart(3)} pools: ${medianMs.toFixed(1)} ms, ` +
  `${lookUpsPerMachine.toFixed(1)} look-ups for each machine\n`;

/** `npm run bench -- capacity`. */
export const capacityMain = (words: readonly string[]): number => {
  const { values } = parseArgs({
    args: [...words],
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const decisions = SIZES.map(measure);
  const growth = decisions[2]!.medianMs / decisions[0]!.medianMs;
  const text = `${decisions.map(line).join('')}ten times the machines take ${growth.toFixed(1)} times as long\n`;
  process.stdout.write(values.json ? `${JSON.stringify({ capacity: { decisions, growth } })}\n` : text);
  return 0;
};
