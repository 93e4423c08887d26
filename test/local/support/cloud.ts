/** A local cloud for one test file: everything temporary, nothing left behind. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { type LocalCloud, startLocalCloud } from '../../../lib/local/cloud.ts';
import type { Caller, Credentials, LocalContext, LocalPart } from '../../../lib/local/service.ts';

/** A small linear congruential generator: the same names and keys in every run. */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

export interface TestCloud extends LocalCloud {
  readonly folder: string;
  /** What an SDK client is made with, for root or for other credentials. */
  clientConfiguration(credentials?: Credentials): {
    endpoint: string;
    region: string;
    credentials: Credentials;
    maxAttempts: number;
  };
  credentialsOf(roleName: string, session?: Partial<Extract<Caller, { kind: 'role' }>>): Credentials;
}

export interface TestCloudOptions {
  readonly timeFactor?: number;
  /** The moment from which time runs faster; the epoch where absent. */
  readonly timeOriginMs?: number;
  readonly extraServices?: (context: LocalContext) => readonly LocalPart[];
}

export const startTestCloud = async (options: TestCloudOptions = {}): Promise<TestCloud> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-local-'));
  const timeFactor = options.timeFactor ?? 1;
  const timeOriginMs = options.timeOriginMs ?? 0;
  const cloud = await startLocalCloud({
    clock: wallClock({ timeFactor, originMs: timeOriginMs }),
    timeFactor,
    timeOriginMs,
    stateFolder: join(folder, 'state'),
    random: seededRandom(7),
    recordFile: join(folder, 'record.jsonl'),
    extraServices: options.extraServices ?? (() => []),
  });
  return {
    ...cloud,
    folder,
    clientConfiguration: (credentials = cloud.rootCredentials) => ({
      endpoint: cloud.endpoint,
      region: 'us-east-1',
      credentials,
      maxAttempts: 1,
    }),
    credentialsOf: (roleName, session = {}) => {
      const roleArn = cloud.context.role(roleName)?.roleArn ?? `arn:aws:iam::000000000000:role/${roleName}`;
      return cloud.context.credentials.issue({ kind: 'role', roleName, roleArn, sessionName: 'test', ...session });
    },
    close: async () => {
      await cloud.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
