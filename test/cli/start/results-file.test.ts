import { describe, expect, it } from 'vitest';
import { DEFAULTS, type StartOptions } from '../../../lib/cli/start/options.ts';
import { resultLine, resultsFileOf } from '../../../lib/cli/start/results-file.ts';
import { verifyEnds } from '../../../lib/cli/start/verify-results.ts';
import type { TaskRecord } from '../../../lib/fleet/task.ts';
import type { Blobs } from '../../../lib/ports/blobs.ts';
import { sha256Of } from '../../../lib/workflows/content.ts';

const NO_BLOBS: Blobs = { get: async () => undefined, put: async () => undefined };

const content = (text: string) => ({ inline: text, sha256: sha256Of(text) });

const row = (fields: Partial<TaskRecord>): TaskRecord =>
  ({
    form: 1,
    taskId: 't',
    fleet: 'f',
    attempt: 2,
    failures: 0,
    reclaims: 1,
    submittedAt: 0,
    body: content('{}'),
    ...fields,
  }) as TaskRecord;

const DONE = row({ status: 'done', result: content('{"twice":4}') });
const DEAD = row({ status: 'dead', reason: 'thirteen', failures: 3 });

describe('the line of a task in the file of results', () => {
  it('has the result of one that is done, as JSON', async () => {
    expect(await resultLine(NO_BLOBS, DONE)).toEqual({
      taskId: 't',
      status: 'done',
      result: { twice: 4 },
      attempts: 2,
      reclaims: 1,
    });
  });

  it('has the text of a command that printed no JSON', async () => {
    const line = await resultLine(NO_BLOBS, row({ status: 'done', result: content('two words') }));
    expect(line.result).toBe('two words');
  });

  it('has the reason of one that is dead, and no reason of a failure that a done one got over', async () => {
    expect(await resultLine(NO_BLOBS, DEAD)).toMatchObject({ status: 'dead', reason: 'thirteen' });
    expect(await resultLine(NO_BLOBS, { ...DONE, reason: 'once' } as TaskRecord)).not.toHaveProperty('reason');
  });

  it("goes to the file that was named, or for an own worker into the run's folder", () => {
    const fileOf = (options: Partial<StartOptions>) =>
      resultsFileOf({ options: { ...DEFAULTS, json: false, script: true, ...options }, folder: '/run' });
    expect(fileOf({})).toBeUndefined();
    expect(fileOf({ exec: 'cat' })).toBe('/run/results.ndjson');
    expect(fileOf({ task: 'a.ts', results: '/tmp/r.ndjson' })).toBe('/tmp/r.ndjson');
  });
});

describe("the check of the user's own tasks", () => {
  it('holds when each has one end, whichever', async () => {
    expect(await verifyEnds([1, 2], [DONE, DEAD], NO_BLOBS)).toEqual({
      verified: true,
      check: '2 of 2 tasks have one end (done 1, dead 1, cancelled 0); 1 results match their stored digests',
    });
  });

  it('does not hold when one has no end, or no row', async () => {
    expect(await verifyEnds([1, 2], [DONE, row({ status: 'ready' })], NO_BLOBS)).toMatchObject({ verified: false });
    expect(await verifyEnds([1, 2], [DONE], NO_BLOBS)).toMatchObject({ verified: false });
  });

  it('does not accept a result that is not the one committed', async () => {
    const changed = row({ status: 'done', result: { inline: '5', sha256: sha256Of('4') } });
    await expect(verifyEnds([1], [changed], NO_BLOBS)).rejects.toThrow('does not match its digest');
  });
});
