/**
 * The local cloud: everything behind one address, put together.
 *
 * What it does not model: a second account or region, signatures, TLS, throttling. Each service says at the top of its
 * own file what it leaves out.
 */
import { mkdirSync } from 'node:fs';
import type { Clock } from '../ports/clock.ts';
import { ChangeSets } from './cloudformation/change-sets.ts';
import { cloudFormationService } from './cloudformation/cloudformation-service.ts';
import { StackEngine } from './cloudformation/engine.ts';
import { dynamodbService } from './dynamodb/dynamodb-service.ts';
import { embeddedDynamo } from './dynamodb/embedded.ts';
import { tableProvider } from './dynamodb/table-provider.ts';
import { tableStore } from './dynamodb/table-store.ts';
import { ecrService } from './ecr/ecr-service.ts';
import { localEnvironment, withoutForeignSettings } from './environment.ts';
import { type Front, startFront } from './http/front.ts';
import { judge } from './iam/authority.ts';
import { credentialRegistry } from './iam/credentials.ts';
import { IamDirectory } from './iam/directory.ts';
import { notePermissions } from './iam/note-permissions.ts';
import { iamProviders } from './iam/providers.ts';
import { logsService } from './monitoring/logs-service.ts';
import { alarmProvider, logGroupProvider } from './monitoring/monitoring-providers.ts';
import { monitoringService } from './monitoring/monitoring-service.ts';
import { type MonitoringStore, monitoringStore } from './monitoring/monitoring-store.ts';
import { type FileRecorder, openRecorder } from './record.ts';
import { bucketPolicyProvider, bucketProvider } from './s3/bucket-providers.ts';
import { BucketStore } from './s3/bucket-store.ts';
import { s3Service } from './s3/s3-service.ts';
import { type Credentials, LOCAL_ACCOUNT, type LocalContext, type LocalPart } from './service.ts';
import { type EmbeddedQueues, embeddedQueues } from './sqs/embedded.ts';
import { messageIds } from './sqs/message-ids.ts';
import { queueAccess } from './sqs/queue-access.ts';
import { queuePolicyProvider, queueProvider } from './sqs/queue-providers.ts';
import { QueueRegistry } from './sqs/queue-registry.ts';
import { type SqsParts, sqsService } from './sqs/sqs-service.ts';
import { stsService } from './sts/sts-service.ts';

export interface LocalCloudOptions {
  readonly clock: Clock;
  /** At least 1: how much faster than the wall clock `clock` runs. */
  readonly timeFactor: number;
  readonly timeOriginMs: number;
  readonly stateFolder: string;
  /** Uniform in [0, 1); names, keys and ids come from it. */
  readonly random: () => number;
  /** 0 or absent lets the system choose. */
  readonly port?: number;
  /** Where the record is written as well as kept. */
  readonly recordFile?: string;
  /** The other parts, each made from the shared context. */
  readonly extraServices: (context: LocalContext) => readonly LocalPart[];
}

export interface LocalCloud {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly context: LocalContext;
  /** The person at the laptop: may do everything. */
  readonly rootCredentials: Credentials;
  readonly monitoring: MonitoringStore;
  /** What a shell exports so that any AWS client talks to this cloud. */
  environmentToExport(): Record<string, string>;
  /** `base` with those settings, and without those that would lead a client elsewhere (profiles, proxies). */
  environmentFor(base: Readonly<Record<string, string | undefined>>): Record<string, string>;
  /** A stack's outputs by key; undefined when there is no such stack. */
  stackOutputs(stackName: string): Readonly<Record<string, string>> | undefined;
  /** How many calls were refused for want of a permission. */
  iamDenied(): number;
  close(): Promise<void>;
}

interface Core {
  readonly options: LocalCloudOptions;
  readonly context: LocalContext;
  readonly recorder: FileRecorder;
  readonly directory: IamDirectory;
  readonly buckets: BucketStore;
  readonly embedded: EmbeddedQueues;
  readonly sqs: SqsParts;
  readonly monitoring: MonitoringStore;
  readonly aborting: AbortController;
  readonly receivers: LocalPart[];
  endpoint: string;
}

const makeCore = (options: LocalCloudOptions): Core => {
  const { clock, random } = options;
  const directory = new IamDirectory();
  const buckets = new BucketStore();
  const aborting = new AbortController();
  const recorder = openRecorder(clock, options.recordFile);
  const embedded = embeddedQueues();
  const receivers: LocalPart[] = [];
  const sqs: SqsParts = {
    embedded,
    queues: new QueueRegistry(),
    ids: messageIds(),
    timeFactor: options.timeFactor,
    queueUrl: (name) => `${core.endpoint}/${LOCAL_ACCOUNT}/${name}`,
  };
  const isAllowed = notePermissions(recorder, (caller, check) => judge(directory, caller, check).allowed);
  const context: LocalContext = {
    clock,
    timeFactor: options.timeFactor,
    timeOriginMs: options.timeOriginMs,
    credentials: credentialRegistry(random),
    recorder,
    stateFolder: options.stateFolder,
    endpoint: () => core.endpoint,
    putEvent: (event) => {
      for (const part of receivers) part.receiveEvent?.(event);
    },
    rolePolicies: (roleName) => directory.policiesOf(roleName),
    queues: queueAccess({ parts: sqs, recorder, isAllowed }),
    objects: buckets,
    isAllowed,
    role: (roleName) => directory.role(roleName),
    instanceProfileRole: (nameOrArn) => directory.profileRole(nameOrArn),
    signal: aborting.signal,
  };
  const core: Core = {
    options,
    context,
    recorder,
    directory,
    buckets,
    embedded,
    sqs,
    monitoring: monitoringStore(),
    aborting,
    receivers,
    endpoint: '',
  };
  return core;
};

/** The services and resource types this folder brings itself. */
const ownPart = (core: Core): LocalPart => {
  const { clock, random } = core.options;
  const dynamo = embeddedDynamo();
  const tables = tableStore();
  return {
    services: [
      stsService(),
      ecrService(),
      s3Service({ buckets: core.buckets, clock, random }),
      dynamodbService(dynamo, tables),
      sqsService(core.sqs),
      monitoringService(core.monitoring, clock),
      logsService(core.monitoring, clock),
    ],
    providers: [
      tableProvider(dynamo, tables, clock, random),
      queueProvider(core.sqs, random),
      queuePolicyProvider(core.sqs),
      bucketProvider(core.buckets, clock, random),
      bucketPolicyProvider(core.buckets),
      ...iamProviders(core.directory, random),
      alarmProvider(core.monitoring, random),
      logGroupProvider(core.monitoring, clock, random),
    ],
  };
};

/** Throws when the port is taken. */
export const startLocalCloud = async (options: LocalCloudOptions): Promise<LocalCloud> => {
  mkdirSync(options.stateFolder, { recursive: true });
  const core = makeCore(options);
  const extra = options.extraServices(core.context);
  core.receivers.push(...extra);
  const parts = [ownPart(core), ...extra];
  const engine = new StackEngine({
    clock: options.clock,
    random: options.random,
    providers: parts.flatMap((part) => part.providers),
  });
  const deployment = cloudFormationService({ engine, changeSets: new ChangeSets(engine), objects: core.buckets });
  let denied = 0;
  const front = await startFront({
    services: [...parts.flatMap((part) => part.services), deployment],
    credentials: core.context.credentials,
    judge: (caller, check) => judge(core.directory, caller, check),
    recorder: core.recorder,
    clock: options.clock,
    onDenied: () => {
      denied += 1;
    },
    ...(options.port !== undefined && { port: options.port }),
  });
  core.endpoint = `http://127.0.0.1:${front.port}`;
  for (const part of extra) await part.start?.();
  const rootCredentials = core.context.credentials.issue({ kind: 'root' });
  const environmentToExport = () =>
    localEnvironment({ ...options, endpoint: core.endpoint, credentials: rootCredentials });
  return {
    endpoint: core.endpoint,
    context: core.context,
    rootCredentials,
    monitoring: core.monitoring,
    environmentToExport,
    environmentFor: (base) => ({ ...withoutForeignSettings(base), ...environmentToExport() }),
    stackOutputs: (stackName) => {
      const outputs = engine.find(stackName)?.outputs;
      return outputs && Object.fromEntries(outputs.map(({ key, value }) => [key, value]));
    },
    iamDenied: () => denied,
    close: () => closeCloud(core, extra, engine, front),
  };
};

/** The parts first, while the front still answers their machines and functions. */
const closeCloud = async (
  core: Core,
  extra: readonly LocalPart[],
  engine: StackEngine,
  front: Front,
): Promise<void> => {
  core.aborting.abort();
  await engine.settled();
  for (const part of extra) await part.close?.();
  await front.close();
  await core.embedded.close();
  core.recorder.close();
};
