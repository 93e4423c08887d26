import type { SQSBatchResponse } from 'aws-lambda';
import type { InstanceId } from '../../fleet/ids.ts';
import { SIGNALS_VISIBILITY_SECONDS } from '../../fleet/limits.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { sqsRecord } from '../crash-points/functions.ts';
import type { Faults } from '../faults/faults.ts';

/** The `maxReceiveCount` of the signals queue in `serverless.yml`. */
const RECEIVES_MAX = 10;
const BATCH_MAX = 10;
const SOON_SECONDS = 1;

/** What a body tells of one machine, for the auditor. */
export interface Told {
  readonly instanceId: InstanceId;
  readonly kind: SignalKind;
}

interface Waiting {
  readonly messageId: string;
  readonly body: string;
  /** Empty where it tells nothing that may be acted on. */
  readonly told: readonly Told[];
  visibleAt: EpochMs;
  receives: number;
  /** Machines that had an item when it was handed out: whoever handles it can write on that. */
  hadItem: ReadonlySet<InstanceId>;
}

/** What became of a batch: the function's answer, or that it ended without one. */
export type BatchOutcome = { readonly response: SQSBatchResponse; readonly soon: ReadonlySet<string> } | 'crashed';

/** The signals queue with its event source mapping: a record comes again until it has been handled or given up. */
export interface SignalsHost {
  put(body: string, told: readonly Told[]): void;
  /** Resolves when nothing waits and nothing is handled. */
  isIdle(): boolean;
  readonly givenUp: readonly string[];
  readonly keptAside: string[];
}

export interface SignalsHostOptions {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly handle: (records: readonly { readonly messageId: string; readonly body: string }[]) => Promise<BatchOutcome>;
  /** A record is gone from the queue: whatever it told must stand from now on. */
  readonly onAcknowledged: (told: Told, hadItem: boolean) => void;
  /** A record that tells nothing that could be acted on is gone from the queue. */
  readonly onUntold: (body: string) => void;
  readonly hasItem: (told: Told) => boolean;
}

export const createSignalsHost = ({
  clock,
  faults,
  handle,
  onAcknowledged,
  onUntold,
  hasItem,
}: SignalsHostOptions): SignalsHost => {
  const waiting = new Map<string, Waiting>();
  /** What is being handled at present, by how many runs. */
  const handling = new Map<string, number>();
  const givenUp: string[] = [];
  let count = 0;
  let pumpAt: EpochMs | undefined;

  const settleRecord = (message: Waiting, outcome: BatchOutcome): boolean => {
    if (outcome === 'crashed') return false;
    const { response, soon } = outcome;
    if (response.batchItemFailures.some(({ itemIdentifier }) => itemIdentifier === message.messageId)) {
      if (soon.has(message.messageId)) message.visibleAt = addMs(clock.now(), secondsToMs(SOON_SECONDS));
      schedule(message.visibleAt);
      return false;
    }
    if (!waiting.delete(message.messageId)) return true;
    if (message.told.length === 0) onUntold(message.body);
    for (const told of message.told) onAcknowledged(told, message.hadItem.has(told.instanceId));
    return true;
  };

  const handleBatch = async (batch: readonly Waiting[]): Promise<void> => {
    if (batch.some(({ body }) => handling.has(body))) faults.met('F16', 'signals');
    for (const { body } of batch) handling.set(body, (handling.get(body) ?? 0) + 1);
    const outcome = await handle(batch);
    for (const { body } of batch) {
      const others = handling.get(body)! - 1;
      if (others === 0) handling.delete(body);
      else handling.set(body, others);
    }
    const done = batch.filter((message) => settleRecord(message, outcome)).length;
    if (done > 0 && done < batch.length) faults.met('F28', 'signals');
  };

  const pump = (): void => {
    const now = clock.now();
    const due = [...waiting.values()].filter(({ visibleAt }) => visibleAt <= now).slice(0, BATCH_MAX);
    for (const message of due) {
      if (message.receives >= RECEIVES_MAX) {
        waiting.delete(message.messageId);
        givenUp.push(message.body);
        continue;
      }
      message.receives += 1;
      message.hadItem = new Set(message.told.filter(hasItem).map(({ instanceId }) => instanceId));
      message.visibleAt = addMs(now, secondsToMs(SIGNALS_VISIBILITY_SECONDS));
    }
    const batch = due.filter(({ messageId }) => waiting.has(messageId));
    if (batch.length > 0) void handleBatch(batch);
    const next = Math.min(...[...waiting.values()].map(({ visibleAt }) => visibleAt));
    if (Number.isFinite(next)) schedule(next as EpochMs);
  };

  const schedule = (at: EpochMs): void => {
    if (pumpAt !== undefined && pumpAt <= at) return;
    pumpAt = at;
    void clock.sleep(Math.max(1, at - clock.now())).then(() => {
      if (pumpAt !== at) return;
      pumpAt = undefined;
      pump();
    });
  };

  return {
    givenUp,
    keptAside: [],
    isIdle: () => waiting.size === 0,
    put: (body, told) => {
      count += 1;
      const messageId = `signal-${count}`;
      const visibleAt = clock.now();
      waiting.set(messageId, { messageId, body, told, visibleAt, receives: 0, hadItem: new Set() });
      schedule(visibleAt);
    },
  };
};

export const recordsOf = (batch: readonly { readonly messageId: string; readonly body: string }[]) =>
  batch.map(({ messageId, body }) => sqsRecord(messageId, body));
