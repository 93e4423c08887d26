/**
 * What every part of the local cloud agrees on: who calls, what a call needs in permissions, how a service answers,
 * and how a CloudFormation resource becomes something that runs.
 *
 * Not modelled: signatures are not verified (only the access key id names the caller), one account, one region.
 */
import type { EpochMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';

/** One account and one region: fauxqs and dynalite build their ARNs from these, so everything else must use them too. */
export const LOCAL_ACCOUNT = '000000000000';
export const LOCAL_REGION = 'us-east-1';

/** The principal behind a request. `root` is the person at the laptop: the deploy, the CLI, the demo. */
export type Caller =
  | { readonly kind: 'root' }
  | {
      readonly kind: 'role';
      readonly roleName: string;
      readonly roleArn: string;
      /** The function's name, or the instance id for a machine's role. */
      readonly sessionName: string;
      /** Set for machines only; becomes the context key ec2:SourceInstanceARN. */
      readonly instanceArn?: string;
    }
  | { readonly kind: 'service'; readonly principal: string; readonly sourceArn: string };

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface CredentialRegistry {
  issue(caller: Caller): Credentials;
  resolve(accessKeyId: string): Caller | undefined;
  /** Credentials of a machine that ended stop working, as in AWS. */
  revoke(accessKeyId: string): void;
}

export interface LocalRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly caller: Caller;
  /** Aborts when the caller hangs up before it was answered. */
  readonly signal?: AbortSignal;
}

export interface LocalResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string | Buffer;
  /** What only the answer tells, added to the record's parameters: message ids, counts, instance ids. Never a payload. */
  readonly recorded?: Readonly<Record<string, unknown>>;
}

/** One permission that a call needs, in IAM's own words. */
export interface AuthorisationCheck {
  readonly action: string;
  readonly resource: string;
  /** Context keys beyond the caller's own, e.g. `dynamodb:LeadingKeys`, `aws:RequestTag/…`, `ec2:CreateAction`. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
  /** The policy on the resource itself (a queue, a bucket, a function), where there is one. */
  readonly resourcePolicy?: PolicyDocument;
}

/** A request as its service understands it, before it is carried out. */
export interface ServiceCall {
  readonly action: string;
  readonly checks: readonly AuthorisationCheck[];
  /** Key parameters for the record: identifiers, conditions, counts. Never a task's payload. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface LocalService {
  /** Names in the credential scope of SigV4 (`…/region/NAME/aws4_request`) that reach this service. */
  readonly signingNames: readonly string[];
  understand(request: LocalRequest): ServiceCall;
  handle(request: LocalRequest, call: ServiceCall): Promise<LocalResponse>;
  /** The service's own form of an error: Query XML, REST XML, or JSON. `code` is AWS's error code. */
  error(status: number, code: string, message: string): LocalResponse;
}

/** Thrown by a service to be answered in its own error form. */
export class AwsError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'AwsError';
    this.status = status;
    this.code = code;
  }
}

/** One resource type of the template, made real. Property values arrive with every intrinsic function resolved. */
export interface ResourceProvider {
  readonly type: string;
  create(input: ResourceInput): Promise<ProvisionedResource>;
  /** Absent: an update with changed properties deletes and creates anew. */
  update?(input: ResourceInput, existing: ProvisionedResource): Promise<ProvisionedResource>;
  delete(existing: ProvisionedResource): Promise<void>;
}

export interface ResourceInput {
  readonly logicalId: string;
  readonly stackName: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface ProvisionedResource {
  readonly physicalId: string;
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives, by attribute name. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** A line of the record: see docs/record-format.md. */
export type RecordLine = { readonly at: EpochMs; readonly kind: string } & Readonly<Record<string, unknown>>;

export interface Recorder {
  write(line: Omit<RecordLine, 'at'> & { readonly kind: string }): void;
  /** Everything written so far, for the summary of a run. */
  lines(): readonly RecordLine[];
}

export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** System attributes: ApproximateReceiveCount, SentTimestamp, SenderId, ApproximateFirstReceiveTimestamp … */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, QueueMessageAttribute>>;
  readonly md5OfBody: string;
}

export interface QueueMessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
}

/** Who sends without credentials: an AWS service on behalf of a resource. The queue's own policy decides. */
export interface QueueSender {
  readonly principal: string;
  readonly sourceArn: string;
}

/**
 * Queues in process. Seconds are the template's seconds: the time factor is applied inside.
 * A queue that does not exist throws AwsError `AWS.SimpleQueueService.NonExistentQueue`.
 */
export interface QueueAccess {
  /** With `options.sender`, refused with AwsError `AccessDenied` unless the queue's policy allows that service and source. */
  send(queueArnOrUrl: string, body: string, options?: QueueSendOptions): Promise<{ readonly messageId: string }>;
  /**
   * At most `max` (10) messages; `visibilitySeconds` undefined means the queue's own. With `waitSeconds` (at most 20) it
   * is a long poll that ends with the first message, or early and empty when the local cloud closes.
   */
  receive(
    queueArn: string,
    max: number,
    visibilitySeconds?: number,
    waitSeconds?: number,
  ): Promise<readonly QueueMessage[]>;
  delete(queueArn: string, receiptHandle: string): Promise<void>;
  /** A handle that no longer counts is ignored, as a caller can do nothing about it. */
  changeVisibility(queueArn: string, receiptHandle: string, visibilitySeconds: number): Promise<void>;
  /** Numbers as CloudWatch would see them, for alarms and summaries. */
  depth(queueArn: string): Promise<QueueDepth | undefined>;
}

export interface QueueSendOptions {
  readonly messageAttributes?: Readonly<Record<string, QueueMessageAttribute>>;
  readonly delaySeconds?: number;
  readonly sender?: QueueSender;
}

export interface QueueDepth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface ObjectAccess {
  get(bucket: string, key: string): Buffer | undefined;
}

/** What each part of the local cloud is handed. */
export interface LocalContext {
  readonly clock: Clock;
  readonly timeFactor: number;
  readonly timeOriginMs: number;
  readonly credentials: CredentialRegistry;
  readonly recorder: Recorder;
  /** Folder for everything the local cloud writes: functions, machines' logs, the outbox. */
  readonly stateFolder: string;
  /** `http://127.0.0.1:PORT`, known once the front listens. */
  endpoint(): string;
  /** An event as EC2 and its like would put it on the default bus. */
  putEvent(event: AwsEvent): void;
  /** Policies attached to a role, resolved from the template. */
  rolePolicies(roleName: string): readonly PolicyDocument[];
  /** The embedded queues, for parts that act as AWS itself: event source mappings, event targets, dead-letter moves. */
  readonly queues: QueueAccess;
  /** The embedded buckets, for the zips of functions. */
  readonly objects: ObjectAccess;
  /** Whether a caller may do something: for services that act for a role, e.g. a mapping that reads a queue. */
  isAllowed(caller: Caller, check: AuthorisationCheck): boolean;
  /** A role as the template made it; undefined when there is none of that name. */
  role(roleName: string): LocalRole | undefined;
  /** The role behind an instance profile, by the profile's name or ARN. */
  instanceProfileRole(nameOrArn: string): LocalRole | undefined;
  /** Ends when the local cloud closes. */
  readonly signal: AbortSignal;
}

export interface LocalRole {
  readonly roleName: string;
  readonly roleArn: string;
  readonly roleId: string;
  /** Who may assume it: checked with action `sts:AssumeRole` and a caller of kind `service`. */
  readonly trustPolicy: PolicyDocument;
}

/** What a part of the local cloud brings: services behind the front, resource types of the template, and its own end. */
export interface LocalPart {
  readonly services: readonly LocalService[];
  readonly providers: readonly ResourceProvider[];
  /** Receives what `LocalContext.putEvent` is given; the part that models EventBridge has it. */
  readonly receiveEvent?: (event: AwsEvent) => void;
  /** Called once the front listens. */
  readonly start?: () => Promise<void>;
  /** Called before the front stops listening. */
  readonly close?: () => Promise<void>;
}

export interface AwsEvent {
  readonly source: string;
  readonly 'detail-type': string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
  /** When it happened; the moment it is put where absent. */
  readonly at?: EpochMs;
}

export interface PolicyDocument {
  readonly Version?: string;
  readonly Statement: readonly PolicyStatement[] | PolicyStatement;
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: unknown;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
