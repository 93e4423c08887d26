/** One thread of `bin/crash-points.ts --pairs`: plays all pairs that begin with one fault, for each fault that it is given. */
import { parentPort } from 'node:worker_threads';
import type { Fault } from '../../lib/simulator/crash-points/call-recorder.ts';
import { explorePairsOf, type PairsExploration } from '../../lib/simulator/crash-points/explore-pairs.ts';
import { SCENARIOS } from '../../lib/simulator/crash-points/scenarios.ts';
import { FUNCTIONS } from './functions.ts';

export interface PairsOrder {
  readonly index: number;
  readonly scenario: string;
  readonly fault: Fault;
}

export interface PairsReport extends PairsExploration {
  readonly index: number;
}

// Faults are errors by the thousand, and nobody reads their stacks.
Error.stackTraceLimit = 0;

parentPort?.on('message', async ({ index, scenario: name, fault }: PairsOrder) => {
  const scenario = SCENARIOS.find((one) => one.name === name)!;
  const report: PairsReport = { index, ...(await explorePairsOf({ scenario, fault }, FUNCTIONS)) };
  parentPort!.postMessage(report);
});
