/** What a queue has been asked for. */
export interface QueueCounts {
  /** Calls by operation. */
  readonly calls: Record<string, number>;
  received: number;
  deleted: number;
}

export const emptyCounts = (): QueueCounts => ({ calls: {}, received: 0, deleted: 0 });

/** Asks for the counts of a queue, or for the instant of each of its messages' deletion. */
export interface ToQueueService {
  readonly queueUrl: string;
  readonly wants: 'counts' | 'deletions';
}

export type FromQueueService =
  | { readonly port: number }
  | { readonly queueUrl: string; readonly counts: QueueCounts }
  | { readonly queueUrl: string; readonly deletedAt: readonly number[] };
