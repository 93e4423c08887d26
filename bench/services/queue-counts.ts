/** What a queue has been asked for. Instants in milliseconds, by the queue service's own clock. */
export interface QueueCounts {
  /** Calls by operation. */
  readonly calls: Record<string, number>;
  received: number;
  deleted: number;
  firstReceivedAt?: number;
  lastDeletedAt?: number;
}

export const emptyCounts = (): QueueCounts => ({ calls: {}, received: 0, deleted: 0 });

export interface ToQueueService {
  readonly countsOf: string;
}

export type FromQueueService = { readonly port: number } | { readonly counts: QueueCounts; readonly of: string };
