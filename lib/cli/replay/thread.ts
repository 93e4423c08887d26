import { parentPort, workerData } from 'node:worker_threads';
import type { Case, Replayed } from '../../replay/case.ts';
import type { Estimates } from '../../replay/estimates.ts';
import { suiteNamed } from './suites.ts';

/** What a thread is told when it starts. */
export interface ThreadTask {
  readonly suite: string;
  readonly texts: ReadonlyMap<string, string>;
  readonly policies: readonly string[];
  readonly estimates: Estimates;
}

/** One case's number, and what every policy made of it. */
export type Answer = readonly (readonly [index: number, replayed: readonly Replayed[]])[];

const { suite, texts, policies, estimates } = workerData as ThreadTask;
const cases: readonly Case[] = [...suiteNamed(suite)!.cases((path) => texts.get(path)!, estimates)];

parentPort!.on('message', (indexes: readonly number[]) => {
  const answer: Answer = indexes.map((index) => [index, cases[index]!.replay(policies)]);
  parentPort!.postMessage(answer);
});
