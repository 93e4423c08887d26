import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { epochMs } from '../../../lib/fleet/time.ts';
import { type Ec2Options, type Ec2Part, ec2Service } from '../../../lib/local/ec2/ec2-service.ts';
import { startFront } from '../../../lib/local/http/front.ts';
import { judge } from '../../../lib/local/iam/authority.ts';
import { credentialRegistry } from '../../../lib/local/iam/credentials.ts';
import { IamDirectory } from '../../../lib/local/iam/directory.ts';
import type { ProcessHost } from '../../../lib/local/machines/processes.ts';
import { openRecorder } from '../../../lib/local/record.ts';
import type {
  AwsEvent,
  Caller,
  LocalContext,
  PolicyDocument,
  PolicyStatement,
  RecordLine,
} from '../../../lib/local/service.ts';
import { exampleMarket } from '../../../lib/market/settings.ts';
import type { Clock } from '../../../lib/ports/clock.ts';

/** EC2 alone behind the local cloud's own front, with the real SDK client in front of it. */
export interface Ec2Cloud {
  readonly part: Ec2Part;
  readonly client: EC2Client;
  readonly clientOf: (caller: Caller) => EC2Client;
  readonly directory: IamDirectory;
  readonly events: AwsEvent[];
  readonly lines: (kind: string, what?: string) => readonly RecordLine[];
  readonly makeTemplate: (data?: Readonly<Record<string, unknown>>) => Promise<string>;
  readonly stateFolder: string;
  readonly isKeyKnown: (accessKeyId: string) => boolean;
  readonly close: () => Promise<void>;
}

export interface Ec2CloudOptions extends Partial<Ec2Options> {
  readonly clock: Clock;
  readonly timeFactor?: number;
  readonly timeOriginMs?: number;
}

/** A process that never ends by itself, for tests that are not about processes. */
export const idleProcesses = (): ProcessHost => {
  let nextPid = 1_000;
  return {
    start: () => {
      const ended = Promise.withResolvers<{ code: number | null; signal: string | null }>();
      nextPid += 1;
      return {
        pid: nextPid,
        ended: ended.promise,
        terminate: () => ended.resolve({ code: null, signal: 'SIGTERM' }),
        kill: () => ended.resolve({ code: null, signal: 'SIGKILL' }),
      };
    },
    close: async () => undefined,
  };
};

export const USER_DATA = [
  '#!/bin/bash',
  '# spothop-environment begin',
  'SPOTHOP_AGENT_FUNCTION=spothop-agent',
  'SPOTHOP_AGENT_SHA256=digest',
  'SPOTHOP_FLEET=demo = "quoted"',
  '# spothop-environment end',
  'exec node agent.mjs',
].join('\n');

export const MACHINE_ROLE_ARN = 'arn:aws:iam::000000000000:role/MachineRole';

const addRole = (directory: IamDirectory, roleName: string, statements: readonly PolicyStatement[]): void => {
  directory.putRole({
    roleName,
    roleArn: `arn:aws:iam::000000000000:role/${roleName}`,
    roleId: `AROA${roleName.toUpperCase()}`,
    trustPolicy: {
      Statement: { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
    },
    inlinePolicies: new Map<string, PolicyDocument>([['own', { Statement: statements }]]),
    managedPolicyArns: [],
  });
};

export const roleCaller = (
  cloud: { readonly directory: IamDirectory },
  roleName: string,
  statements: readonly PolicyStatement[],
): Caller => {
  addRole(cloud.directory, roleName, statements);
  return { kind: 'role', roleName, roleArn: `arn:aws:iam::000000000000:role/${roleName}`, sessionName: 'test' };
};

/** Numbers in [0, 1) that never repeat within a test. */
const countingRandom = () => {
  let count = 0;
  return () => {
    count += 1;
    return (count * 0.618_033_988_75) % 1;
  };
};

export const openEc2Cloud = async (options: Ec2CloudOptions): Promise<Ec2Cloud> => {
  const { clock } = options;
  const stateFolder = await mkdtemp(join(tmpdir(), 'spothop-ec2-'));
  const directory = new IamDirectory();
  addRole(directory, 'MachineRole', []);
  directory.instanceProfiles.set('MachineProfile', 'MachineRole');
  const credentials = credentialRegistry(countingRandom());
  const recorder = openRecorder(clock);
  const events: AwsEvent[] = [];
  const closing = new AbortController();
  let endpoint = '';
  const context = {
    clock,
    timeFactor: options.timeFactor ?? 1,
    timeOriginMs: options.timeOriginMs ?? 0,
    credentials,
    recorder,
    stateFolder,
    endpoint: () => endpoint,
    putEvent: (event: AwsEvent) => void events.push(event),
    rolePolicies: (roleName: string) => directory.policiesOf(roleName),
    isAllowed: (caller, check) => judge(directory, caller, check).allowed,
    role: (roleName: string) => directory.role(roleName),
    instanceProfileRole: (nameOrArn: string) => directory.profileRole(nameOrArn),
    signal: closing.signal,
  } as Omit<LocalContext, 'queues' | 'objects'> as LocalContext;
  const part = ec2Service(context, {
    market: exampleMarket(7, epochMs(clock.now()), { restlessness: 0 }),
    projectFolder: stateFolder,
    fetchProgram: async () => join(stateFolder, 'agent.mjs'),
    processes: idleProcesses(),
    ...options,
  });
  const front = await startFront({
    services: part.services,
    credentials,
    judge: (caller, check) => judge(directory, caller, check),
    recorder,
    clock,
    onDenied: () => undefined,
  });
  endpoint = `http://127.0.0.1:${front.port}`;
  await part.start();
  const clientOf = (caller: Caller) =>
    new EC2Client({ region: 'us-east-1', endpoint, credentials: credentials.issue(caller), maxAttempts: 1 });
  return {
    part,
    client: clientOf({ kind: 'root' }),
    clientOf,
    directory,
    events,
    stateFolder,
    lines: (kind, what) =>
      recorder.lines().filter((line) => line.kind === kind && (what === undefined || line['what'] === what)),
    isKeyKnown: (accessKeyId) => credentials.resolve(accessKeyId) !== undefined,
    makeTemplate: async (data = {}) => {
      const made = await part.providers[0]!.create({
        logicalId: 'WorkerTemplate',
        stackName: 'test',
        properties: {
          TagSpecifications: [{ ResourceType: 'launch-template', Tags: [{ Key: 'spothop:stack', Value: 'test' }] }],
          LaunchTemplateData: {
            ImageId: 'resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
            UserData: Buffer.from(USER_DATA).toString('base64'),
            InstanceInitiatedShutdownBehavior: 'terminate',
            IamInstanceProfile: { Arn: 'arn:aws:iam::000000000000:instance-profile/MachineProfile' },
            MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
            TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'from', Value: 'template' }] }],
            ...data,
          },
        },
      });
      return made.ref;
    },
    close: async () => {
      closing.abort();
      await part.close();
      await front.close();
      await rm(stateFolder, { recursive: true, force: true });
    },
  };
};
