/** A local cloud's context for one part alone: everything in memory, everything allowed unless the test says otherwise. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type {
  AuthorisationCheck,
  Caller,
  Credentials,
  LocalContext,
  LocalRequest,
  LocalResponse,
  LocalService,
  ProvisionedResource,
  RecordLine,
  ResourceProvider,
} from '../../../lib/local/service.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { type MemoryQueues, memoryQueues } from './memory-queues.ts';

export interface TestContext extends LocalContext {
  readonly clock: ManualClock;
  readonly queues: MemoryQueues;
  readonly recorded: RecordLine[];
  readonly revoked: string[];
  abort(): void;
}

export interface TestContextOptions {
  readonly start?: number;
  readonly queueArns?: readonly string[];
  readonly objects?: Readonly<Record<string, Buffer>>;
  readonly isAllowed?: (caller: Caller, check: AuthorisationCheck) => boolean;
  readonly overrides?: Partial<Omit<LocalContext, 'clock' | 'queues'>>;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-local-'));
  folders.push(folder);
  return folder;
};

export const roleArn = (name: string): string => `arn:aws:iam::000000000000:role/${name}`;
export const queueArn = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;

export const testContext = (options: TestContextOptions = {}): TestContext => {
  const clock = manualClock(options.start ?? Date.UTC(2026, 10, 21, 8));
  const recorded: RecordLine[] = [];
  const revoked: string[] = [];
  const issued = new Map<string, Caller>();
  const ending = new AbortController();
  const isAllowed = options.isAllowed ?? (() => true);
  const issue = (caller: Caller): Credentials => {
    const accessKeyId = `ASIA${issued.size + 1}`;
    issued.set(accessKeyId, caller);
    return { accessKeyId, secretAccessKey: `secret of ${accessKeyId}`, sessionToken: `token of ${accessKeyId}` };
  };
  const refuses = (queue: string, { sender }: { sender?: { principal: string; sourceArn: string } }): boolean =>
    sender !== undefined &&
    !isAllowed({ kind: 'service', ...sender }, { action: 'sqs:SendMessage', resource: queue, context: {} });

  return {
    clock,
    timeFactor: 1,
    timeOriginMs: 0,
    credentials: { issue, resolve: (key) => issued.get(key), revoke: (key) => void revoked.push(key) },
    recorder: { write: (line) => void recorded.push({ at: clock.now(), ...line }), lines: () => recorded },
    stateFolder: temporaryFolder(),
    endpoint: () => 'http://127.0.0.1:4566',
    putEvent: () => undefined,
    rolePolicies: () => [],
    queues: memoryQueues(clock, options.queueArns ?? [], refuses),
    objects: { get: (bucket, key) => options.objects?.[`${bucket}/${key}`] },
    isAllowed,
    role: (roleName) => ({
      roleName,
      roleArn: roleArn(roleName),
      roleId: `AROA${roleName}`,
      trustPolicy: { Statement: [] },
    }),
    instanceProfileRole: () => undefined,
    signal: ending.signal,
    recorded,
    revoked,
    abort: () => ending.abort(),
    ...options.overrides,
  };
};

export const providerOf = (providers: readonly ResourceProvider[], type: string): ResourceProvider => {
  const provider = providers.find((candidate) => candidate.type === type);
  if (provider === undefined) throw new Error(`No provider for ${type}.`);
  return provider;
};

export const provision = (
  providers: readonly ResourceProvider[],
  type: string,
  logicalId: string,
  properties: Readonly<Record<string, unknown>>,
): Promise<ProvisionedResource> => providerOf(providers, type).create({ logicalId, stackName: 'spothop', properties });

export interface CallOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export const requestOf = ({ method = 'POST', path = '/', headers = {}, body = '' }: CallOptions): LocalRequest => {
  const [pathOnly = '/', query = ''] = path.split('?');
  const caller: Caller = { kind: 'root' };
  return { method, path: pathOnly, query: new URLSearchParams(query), headers, body: Buffer.from(body), caller };
};

/** Understands and carries out one call, as the front does for an allowed caller. */
export const call = async (service: LocalService | undefined, options: CallOptions): Promise<LocalResponse> => {
  if (service === undefined) throw new Error('This part brings no service.');
  const request = requestOf(options);
  return service.handle(request, service.understand(request));
};

export const jsonOf = (response: LocalResponse): Record<string, unknown> =>
  JSON.parse(response.body.toString()) as Record<string, unknown>;
