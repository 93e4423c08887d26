#!/usr/bin/env node
/**
 * Fails every outside call of the signal, reconcile, sweep and agent paths once in each of the ways in which a call can
 * fail, and judges what became of the tasks, machines and money: `node bin/crash-points.ts --help`.
 */
import { parseArgs } from 'node:util';
import { reconcileHandler } from '../functions/reconcile.ts';
import { signalsHandler } from '../functions/signals.ts';
import { exploreCrashPoints } from '../lib/simulator/crash-points/explore.ts';
import { progressLine, renderExploration } from '../lib/simulator/crash-points/render.ts';
import { SCENARIOS } from '../lib/simulator/crash-points/scenarios.ts';

const USAGE = `Usage: crash-points [--scenario NAME]... [--json]

Plays each scenario in memory, finds every call it makes of the outside world, and plays it again for each call and
each outcome: failed before its effect, reply lost after it, caller ended right after it.

  --scenario NAME  only this one; may be given more than once
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
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const usageError = (problem: string): never => {
  process.stderr.write(`usage: ${problem}; add --help to see what is accepted\n`);
  return process.exit(2);
};

const readArguments = () => {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return usageError(error instanceof Error ? error.message : String(error));
  }
};

const scenariosNamed = (names: readonly string[]) => {
  const unknown = names.find((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown !== undefined) usageError(`no scenario is called ${JSON.stringify(unknown)}`);
  return names.length === 0 ? SCENARIOS : SCENARIOS.filter(({ name }) => names.includes(name));
};

const { scenario = [], json, help } = readArguments();
if (help) {
  process.stdout.write(USAGE);
} else {
  const exploration = await exploreCrashPoints({
    scenarios: scenariosNamed(scenario),
    functions: { signals: signalsHandler, reconcile: reconcileHandler },
    onScenario: (...explored) => void process.stderr.write(progressLine(...explored)),
  });
  process.stdout.write(json ? `${JSON.stringify(exploration)}\n` : renderExploration(exploration));
  process.exitCode = exploration.violations.length === 0 ? 0 : 1;
}
