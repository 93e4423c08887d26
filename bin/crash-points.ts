#!/usr/bin/env node
/**
 * Fails every outside call of the signal, reconcile, sweep and agent paths once in each of the ways in which a call can
 * fail, and judges what became of the tasks, machines and money: `node bin/crash-points.ts --help`.
 */
import { exploreCrashPoints } from '../lib/simulator/crash-points/explore.ts';
import { firstFaults, inSeededOrder } from '../lib/simulator/crash-points/explore-pairs.ts';
import {
  pairsProgressLine,
  progressLine,
  renderExploration,
  renderPairs,
} from '../lib/simulator/crash-points/render.ts';
import type { Scenario } from '../lib/simulator/crash-points/scenario.ts';
import { SCENARIOS } from '../lib/simulator/crash-points/scenarios.ts';
import { readArguments, usageError } from './arguments.ts';
import { FUNCTIONS } from './crash-points/functions.ts';
import { playPairs } from './crash-points/play-pairs.ts';

const USAGE = `Usage: crash-points [--scenario NAME]... [--pairs [--seed S] [--from N] [--to N | --sample N]] [--json]

Plays each scenario in memory, finds every call it makes of the outside world, and plays it again for each call and
each outcome: failed before its effect, reply lost after it, caller ended right after it.

  --scenario NAME  only this one; may be given more than once
  --pairs          every ordered pair instead: each call and outcome, followed by each call that comes after it in
                   each outcome; and each by itself with everything done twice. Takes an hour, on every core
  --from N         with --pairs: begins with this one of the list of first faults (0)
  --to N           with --pairs: ends before this one
  --sample N       with --pairs: so many first faults and no more
  --seed S         with --pairs: the list in an order of chance, so that every range of it is a sample; the same seed is the
                   same order, in which a later campaign goes on
  --json           the result as one JSON object, the last line on stdout
  --help           show this help

Scenarios:
${SCENARIOS.map(({ name, tells }) => `  ${name.padEnd(10)} ${tells}`).join('\n')}

Exit codes:
  0  everything held
  1  something did not
  2  the command line cannot be understood
`;

const OPTIONS = {
  scenario: { type: 'string', multiple: true },
  pairs: { type: 'boolean', default: false },
  from: { type: 'string', default: '0' },
  to: { type: 'string' },
  sample: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const scenariosNamed = (names: readonly string[]) => {
  const unknown = names.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) usageError(`no scenario is called ${JSON.stringify(unknown)}`);
  return names.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => names.includes(name));
};

const given = readArguments(OPTIONS);

const explore = async (scenarios: readonly Scenario[]): Promise<number> => {
  const exploration = await exploreCrashPoints({
    scenarios,
    functions: FUNCTIONS,
    onScenario: (...explored) => void process.stderr.write(progressLine(...explored)),
  });
  process.stdout.write(given.json ? `${JSON.stringify(exploration)}\n` : renderExploration(exploration));
  return exploration.violations.length;
};

const placeOf = (name: 'from' | 'to' | 'sample', text: string, most: number): number =>
  /^\d+$/.test(text) ? Math.min(Number(text), most) : usageError(`--${name} takes a whole number, not ${text}`);

/** A line for every so many first faults: where to go on, should this be ended. */
const PROGRESS_EVERY = 20;

const explorePairs = async (scenarios: readonly Scenario[]): Promise<number> => {
  const listed = await firstFaults(scenarios, FUNCTIONS);
  const faults = given.seed === undefined ? listed : inSeededOrder(listed, given.seed);
  if (given.to !== undefined && given.sample !== undefined) usageError('--to and --sample say the same twice');
  const end = given.to === undefined ? faults.length : placeOf('to', given.to, faults.length);
  const from = placeOf('from', given.from, end);
  const to = given.sample === undefined ? end : from + placeOf('sample', given.sample, end - from);
  const played = await playPairs(faults, { from, to }, (next, { first, pairs, violations }) => {
    if (first % PROGRESS_EVERY === 0) process.stderr.write(pairsProgressLine(next, faults.length, pairs, violations));
  });
  const result = { firstFaults: faults.length, from, to, ...played };
  process.stdout.write(given.json ? `${JSON.stringify(result)}\n` : renderPairs(result));
  return played.violations.length;
};

if (given.help) {
  process.stdout.write(USAGE);
} else {
  const scenarios = scenariosNamed(given.scenario ?? []);
  const violations = await (given.pairs ? explorePairs(scenarios) : explore(scenarios));
  process.exitCode = violations === 0 ? 0 : 1;
}
