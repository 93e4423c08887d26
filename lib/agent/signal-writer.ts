import type { InstanceRecord } from '../fleet/instance.ts';
import type { Signal, SignalKind } from '../fleet/signal.ts';
import { withRetries } from './retry.ts';
import type { AgentShared } from './world.ts';

/** Writes what this machine has learned on its own item, and wakes its fleet when the machine drains for it. */
export interface SignalWriter {
  /** Once for each kind, however many sources tell it and however often. */
  write(signal: Signal, drains: boolean): void;
  /** Resolves once everything has been written or given up. */
  settled(): Promise<void>;
}

export interface SignalWriterOptions {
  onRecorded(record: InstanceRecord): void;
}

type Shared = Pick<AgentShared, 'ports' | 'settings' | 'instanceId'>;

/** Tries for some seconds; whether it came to pass. */
const createAttempt =
  ({ ports: { clock, log } }: Shared) =>
  async (what: string, call: () => Promise<void>): Promise<boolean> => {
    try {
      await withRetries(clock, call);
      return true;
    } catch (error) {
      log.error(`${what} failed`, { error: String(error) });
      return false;
    }
  };

export const createSignalWriter = (shared: Shared, { onRecorded }: SignalWriterOptions): SignalWriter => {
  const { clock, instances, wakes } = shared.ports;
  const attempt = createAttempt(shared);
  const underWay = new Set<Promise<void>>();
  /** The item keeps the first of each kind, so that a second write would say nothing. */
  const written = new Set<SignalKind>();
  const woken = new Set<SignalKind>();
  let lastChange: Promise<void> = Promise.resolve();

  const hear = (item: InstanceRecord | undefined): void => {
    if (item !== undefined) onRecorded(item);
  };

  const wakeOnce = async (kind: SignalKind): Promise<void> => {
    if (woken.has(kind)) return;
    woken.add(kind);
    await attempt('waking the fleet', () => wakes.wake(shared.settings.fleet));
  };

  const record = async (signal: Signal, drains: boolean): Promise<void> => {
    const isRecorded = await attempt('recording the signal', async () =>
      hear(await instances.recordSignal(signal, drains, clock.now())),
    );
    // Told again, as after a long outage, it is tried again.
    if (!isRecorded) written.delete(signal.kind);
    if (drains) await wakeOnce(signal.kind);
  };

  const recordOnce = async (signal: Signal, drains: boolean): Promise<void> => {
    if (written.has(signal.kind)) return;
    written.add(signal.kind);
    await record(signal, drains);
  };

  /** A change that was moved or cancelled is taken back first: the item would keep the date that it was told before. */
  const replaceChange = async (signal: Signal, drains: boolean): Promise<void> => {
    if (written.delete('scheduled-change')) {
      await attempt('taking back the scheduled change', async () =>
        hear(await instances.withdraw(shared.instanceId, 'scheduled-change')),
      );
    }
    if (signal.kind === 'scheduled-change') await recordOnce(signal, drains);
  };

  /** Changes are written one after the other: the last one told must be the one that stands. */
  const writeChange = (signal: Signal, drains: boolean): Promise<void> => {
    lastChange = lastChange.then(() => replaceChange(signal, drains));
    return lastChange;
  };

  return {
    write: (signal, drains) => {
      const isChange = signal.kind === 'scheduled-change' || signal.kind === 'scheduled-change-cancelled';
      const writing = isChange ? writeChange(signal, drains) : recordOnce(signal, drains);
      underWay.add(writing);
      void writing.finally(() => underWay.delete(writing));
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
};
