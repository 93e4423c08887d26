/** What is known of each queue beside its messages: its own seconds (the template's), and its policy. */
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type PolicyDocument } from '../service.ts';

export interface QueueDescription {
  readonly name: string;
  /** As the template or CreateQueue gave them: seconds are not divided by the time factor. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly policy?: PolicyDocument;
}

export const queueArn = (name: string): string => `arn:aws:sqs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${name}`;

/** From a name, an ARN or a URL. */
export const queueNameOf = (nameOrArnOrUrl: string): string => nameOrArnOrUrl.split(/[/:]/).at(-1) ?? nameOrArnOrUrl;

export const noSuchQueue = (name: string): AwsError =>
  new AwsError(400, 'AWS.SimpleQueueService.NonExistentQueue', `The specified queue ${name} does not exist.`);

export class QueueRegistry {
  readonly #queues = new Map<string, QueueDescription>();

  find(name: string): QueueDescription | undefined {
    return this.#queues.get(name);
  }

  /** Throws AwsError `AWS.SimpleQueueService.NonExistentQueue`. */
  get(name: string): QueueDescription {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw noSuchQueue(name);
    return queue;
  }

  put(queue: QueueDescription): void {
    this.#queues.set(queue.name, queue);
  }

  setAttributes(name: string, attributes: Readonly<Record<string, string>>): void {
    const queue = this.get(name);
    this.put({ ...queue, attributes: { ...queue.attributes, ...attributes } });
  }

  setPolicy(name: string, policy: PolicyDocument | undefined): void {
    const { policy: _former, ...queue } = this.get(name);
    this.put({ ...queue, ...(policy !== undefined && { policy }) });
  }

  remove(name: string): void {
    this.#queues.delete(name);
  }
}

/** SQS's own defaults, in seconds (docs.aws.amazon.com/AWSSimpleQueueService, SetQueueAttributes). */
const DEFAULT_SECONDS = { VisibilityTimeout: 30, DelaySeconds: 0, ReceiveMessageWaitTimeSeconds: 0 };

export const queueSeconds = (queue: QueueDescription, attribute: keyof typeof DEFAULT_SECONDS): number =>
  Number(queue.attributes[attribute] ?? DEFAULT_SECONDS[attribute]);
