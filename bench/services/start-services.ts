import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { callJson } from '../call-json.ts';
import type { Children } from '../children.ts';
import type { FromQueueService, QueueCounts, ToQueueService } from './queue-counts.ts';
import type { TableAccounts } from './table-accounts.ts';

/** The services that workers are measured on, each in a process of its own. */
export interface Services {
  readonly dynamoEndpoint: string;
  readonly queueEndpoint: string;
  readonly pids: { readonly tables: number; readonly queues: number };
  /** A new standard queue, with the visibility that our fleets have. */
  createQueue(name: string): Promise<string>;
  countsOf(queueUrl: string): Promise<QueueCounts>;
  /** When each message was deleted, in order, in milliseconds by the queue service's clock. */
  deletedAt(queueUrl: string): Promise<readonly number[]>;
  /** Answers the accounts kept since the last call; from here on new ones are kept, or none. */
  accounts(next: { readonly keepsAccounts: boolean }): Promise<TableAccounts>;
}

const startChild = async (
  children: Children,
  file: string,
): Promise<{ readonly child: ChildProcess; readonly port: number }> => {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const forked = fork(path, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const child = children.watch(`The embedded service ${file}`, forked);
  const [{ port }] = (await Promise.race([once(child, 'message'), children.broken])) as [{ port: number }];
  return { child, port };
};

type Answer = Exclude<FromQueueService, { readonly port: number }>;

const askQueue = <Wanted extends Answer>(child: ChildProcess, asked: ToQueueService, member: string): Promise<Wanted> =>
  new Promise((resolve) => {
    const hear = (message: FromQueueService): void => {
      if (!('queueUrl' in message) || message.queueUrl !== asked.queueUrl || !(member in message)) return;
      child.off('message', hear);
      resolve(message as Wanted);
    };
    child.on('message', hear);
    child.send(asked);
  });

const askAccounts = async (child: ChildProcess, next: { readonly keepsAccounts: boolean }): Promise<TableAccounts> => {
  const answer = once(child, 'message');
  child.send(next);
  const [{ accounts }] = (await answer) as [{ accounts: TableAccounts }];
  return accounts;
};

export const BUCKET = 'bench';

/** As our own queues are: `serverless.yml` gives them this visibility. */
const ATTRIBUTES = { VisibilityTimeout: '60' };

/** @throws Error when one does not start */
export const startServices = async (children: Children): Promise<Services> => {
  const tables = await startChild(children, './table-service.ts');
  const queues = await startChild(children, './queue-service.ts');
  const queueEndpoint = `http://127.0.0.1:${queues.port}`;
  await fetch(`${queueEndpoint}/${BUCKET}`, { method: 'PUT' });
  const createQueue = async (name: string): Promise<string> => {
    const request = { QueueName: name, Attributes: ATTRIBUTES };
    return String((await callJson(queueEndpoint, 'AmazonSQS.CreateQueue', request))['QueueUrl']);
  };
  return {
    dynamoEndpoint: `http://127.0.0.1:${tables.port}`,
    queueEndpoint,
    pids: { tables: tables.child.pid!, queues: queues.child.pid! },
    createQueue,
    countsOf: async (queueUrl) => {
      const asked = { queueUrl, wants: 'counts' } as const;
      return (await askQueue<Extract<Answer, { counts: unknown }>>(queues.child, asked, 'counts')).counts;
    },
    deletedAt: async (queueUrl) => {
      const asked = { queueUrl, wants: 'deletions' } as const;
      return (await askQueue<Extract<Answer, { deletedAt: unknown }>>(queues.child, asked, 'deletedAt')).deletedAt;
    },
    accounts: (next) => askAccounts(tables.child, next),
  };
};
