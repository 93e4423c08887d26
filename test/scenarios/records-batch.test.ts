import { beforeAll, describe, expect, it } from 'vitest';
import { type BatchOptions, type BatchProof, runBatch } from '../../bench/batch/run-batch.ts';

/** A small form of `npm run bench -- batch`: records counted one by one after a kill, a pause and a notice. */

/** Bounds a hang and nothing else: a busy machine takes several times as long as an idle one. */
const RUN_SECONDS_MAX = 600;
const [TASKS, RECORDS, EVERY] = [12, 400, 50];

/** Ten milliseconds for each record, so that the trouble finds tasks at work. */
const PLAN: Pick<BatchOptions, 'rest' | 'script' | 'trouble'> = {
  rest: { restMs: 50, restEvery: 5 },
  script: [{ afterMs: 60_000, happening: 'warn', target: 'oldest spot machine that holds work' }],
  trouble: { blows: ['kill', 'freeze'], everyMs: 3_000 },
};

let proof: BatchProof;

beforeAll(async () => {
  const screen = { say: () => undefined, show: () => undefined, end: () => undefined };
  const size = {
    tasks: TASKS,
    records: RECORDS,
    every: EVERY,
    instances: 3,
    concurrency: 2,
    seed: 20_260_101,
    timeFactor: 10,
  };
  proof = await runBatch({ ...size, ...PLAN }, { screen, signal: new AbortController().signal });
}, RUN_SECONDS_MAX * 1_000);

describe('a batch of records, through a kill, a pause and a notice', () => {
  it('holds', () => {
    expect(proof.problems).toEqual([]);
  });

  it('went through them', () => {
    // The market may take the machine that stands still before its task is with another one.
    expect({ kills: proof.kills, pauses: proof.pauses + proof.pausesCutShort }).toEqual({ kills: 1, pauses: 1 });
    expect(proof.interruptions).toBeGreaterThanOrEqual(1);
    expect(proof.reclaims).toBeGreaterThanOrEqual(2);
  });

  it('has the effect of every record once in a fenced sink, and at least once in an unfenced log', () => {
    expect(proof).toMatchObject({ records: 4_800, done: 4_800, missing: 0, doubledEffects: 0, notLogged: 0 });
  });

  it('repeats at most the records since the last checkpoint after a crash, and none after a drain (D3)', () => {
    expect(proof.mostRepeatedAfter.released).toBeLessThanOrEqual(EVERY);
    expect(proof.mostRepeatedAfter['handed back']).toBe(0);
  });
});
