import { S3 } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StaleAttempt } from '../../../lib/worker/errors.ts';
import { fence } from '../../../lib/worker/fence/index.ts';
import type { S3Sink } from '../../../lib/worker/fence/s3.ts';
import { startTestCloud, type TestCloud } from '../../local/support/cloud.ts';
import { type Accepted, everGrowing, picks, plannedAttempts } from '../support/attempts.ts';
import { interleave, type Step } from '../support/interleave.ts';

const BUCKET = 'results';
const attempt = (number: number, taskId = 'frames-1') => ({ taskId, attempt: number });

let cloud: TestCloud;
let s3: S3;
beforeAll(async () => {
  cloud = await startTestCloud();
  s3 = new S3({ ...cloud.clientConfiguration(), forcePathStyle: true });
  await s3.createBucket({ Bucket: BUCKET });
});
afterAll(async () => {
  s3.destroy();
  await cloud.close();
});

const stored = (key: string): string | undefined => cloud.context.objects.get(BUCKET, key)?.toString();

/** The user's client, stopped before each put until it is let on. */
const pausedBeforePut = () => {
  const [reached, resumed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const client: S3Sink = {
    headObject: (input) => s3.headObject(input),
    putObject: async (input) => {
      reached.resolve();
      await resumed.promise;
      return s3.putObject(input);
    },
  };
  return { client, reached: reached.promise, resume: () => resumed.resolve() };
};

const failingWith = (...statuses: readonly number[]): S3Sink => {
  const left = [...statuses];
  return {
    headObject: (input) => s3.headObject(input),
    putObject: async (input) => {
      const status = left.shift();
      if (status === undefined) return s3.putObject(input);
      throw Object.assign(new Error(`answered ${status}`), { $metadata: { httpStatusCode: status } });
    },
  };
};

describe('a fenced object', () => {
  it('refuses an attempt that slept before its put while a later one put', async () => {
    const zombie = pausedBeforePut();
    const late = fence.s3(zombie.client, { bucket: BUCKET }).put(attempt(1), 'zombie', 'of attempt 1');
    const refused = expect(late).rejects.toBeInstanceOf(StaleAttempt);
    await zombie.reached;
    await fence.s3(s3, { bucket: BUCKET }).put(attempt(2), 'zombie', 'of attempt 2');
    zombie.resume();
    await refused;
    expect(stored('zombie')).toBe('of attempt 2');
  });

  it('refuses it as well when the object was there before both', async () => {
    await s3.putObject({ Bucket: BUCKET, Key: 'known', Body: 'of nobody' });
    const zombie = pausedBeforePut();
    const late = fence.s3(zombie.client, { bucket: BUCKET }).put(attempt(1), 'known', 'of attempt 1');
    const refused = expect(late).rejects.toThrow(/frames-1.*attempt 1 is over/);
    await zombie.reached;
    await fence.s3(s3, { bucket: BUCKET }).put(attempt(2), 'known', 'of attempt 2');
    zombie.resume();
    await refused;
    expect(stored('known')).toBe('of attempt 2');
  });

  it('takes an earlier attempt’s put as long as no later one has put, and the later one’s put replaces it', async () => {
    const { put } = fence.s3(s3, { bucket: BUCKET });
    await put(attempt(1), 'before', 'of attempt 1');
    expect(stored('before')).toBe('of attempt 1');
    await put(attempt(3), 'before', 'of attempt 3');
    expect(stored('before')).toBe('of attempt 3');
  });

  it('may be put again by the same attempt', async () => {
    const { put } = fence.s3(s3, { bucket: BUCKET });
    await put(attempt(2), 'again', 'first');
    await put(attempt(2), 'again', 'second');
    expect(stored('again')).toBe('second');
  });

  it('keeps what the caller says of it, beside the marks of the fence', async () => {
    const options = { ContentType: 'application/json', Metadata: { colour: 'blue' } };
    await fence.s3(s3, { bucket: BUCKET }).put(attempt(7), 'described', '{}', options);
    const head = await s3.headObject({ Bucket: BUCKET, Key: 'described' });
    expect(head).toMatchObject({
      ContentType: 'application/json',
      Metadata: { colour: 'blue', 'spothop-task': 'frames-1', 'spothop-attempt': '7' },
    });
  });

  it('of another task is left alone, with the way out in the error', async () => {
    const { put } = fence.s3(s3, { bucket: BUCKET });
    await put(attempt(1, 'frames-1'), 'shared', 'of frames-1');
    await expect(put(attempt(5, 'frames-2'), 'shared', 'of frames-2')).rejects.toThrow(
      /written by task frames-1.*give task frames-2 a key of its own/,
    );
    expect(stored('shared')).toBe('of frames-1');
  });

  it('is looked at again when S3 says that somebody else was writing', async () => {
    await fence.s3(failingWith(409, 412, 404), { bucket: BUCKET }).put(attempt(1), 'busy', 'in the end');
    expect(stored('busy')).toBe('in the end');
  });

  it('is given up when S3 says so ten times, and at once for any other error', async () => {
    const always = failingWith(...Array.from({ length: 100 }, () => 409));
    await expect(fence.s3(always, { bucket: BUCKET }).put(attempt(1), 'never', 'x')).rejects.toThrow('answered 409');
    const forbidden = fence.s3(failingWith(403), { bucket: BUCKET }).put(attempt(1), 'never', 'x');
    await expect(forbidden).rejects.toThrow('answered 403');
    expect(stored('never')).toBeUndefined();
  });

  it('says which permission is missing when S3 will not tell what is there', async () => {
    const blind: S3Sink = {
      headObject: async () => {
        throw Object.assign(new Error('UnknownError'), { $metadata: { httpStatusCode: 403 } });
      },
      putObject: (input) => s3.putObject(input),
    };
    await expect(fence.s3(blind, { bucket: BUCKET }).put(attempt(1), 'x', 'x')).rejects.toThrow(
      /Allow .*s3:ListBucket/,
    );
  });

  it('refuses attempts that cannot be compared, and clients without methods', async () => {
    const asText = { taskId: 'frames-1', attempt: '2' as unknown as number };
    await expect(fence.s3(s3, { bucket: BUCKET }).put(asText, 'x', 'x')).rejects.toThrow(TypeError);
    expect(() => fence.s3({} as S3Sink, { bucket: BUCKET })).toThrow(/new S3\(/);
  });

  it('cannot tell the bytes that an earlier attempt found from the same bytes put anew: its one gap', async () => {
    const { put } = fence.s3(s3, { bucket: BUCKET });
    await put(attempt(1), 'same', 'the same bytes');
    const zombie = pausedBeforePut();
    const late = fence.s3(zombie.client, { bucket: BUCKET }).put(attempt(1), 'same', 'other bytes of attempt 1');
    await zombie.reached;
    await put(attempt(2), 'same', 'the same bytes');
    zombie.resume();
    await late;
    expect(stored('same')).toBe('other bytes of attempt 1');
  });
});

it('over any interleaving of attempts, the object is that of the latest attempt that put one (F09, F50)', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(plannedAttempts, picks, async (attempts, order) => {
      run += 1;
      const [key, accepted] = [`run-${run}`, [] as Accepted[]];
      const writer =
        (plan: (typeof attempts)[number], index: number) =>
        async (step: Step): Promise<void> => {
          const client: S3Sink = {
            headObject: (input) => step(() => s3.headObject(input)),
            putObject: (input) =>
              step(async () => {
                const answer = await s3.putObject(input);
                accepted.push({ attempt: plan.attempt, value: String(input.Body) });
                return answer;
              }),
          };
          for (let write = 1; write <= plan.writes; write += 1) {
            const body = `attempt ${plan.attempt}, writer ${index}, write ${write}`;
            await fence
              .s3(client, { bucket: BUCKET })
              .put(attempt(plan.attempt), key, body)
              .catch((error) => expect(error).toBeInstanceOf(StaleAttempt));
          }
        };
      await interleave(attempts.map(writer), order);
      expect(everGrowing(accepted)).toBe(true);
      expect(stored(key)).toBe(accepted.at(-1)?.value);
      expect(accepted.at(-1)?.attempt).toBe(Math.max(...attempts.map((plan) => plan.attempt)));
    }),
    { numRuns: 100 },
  );
}, 60_000);
