import type { InstanceRecord } from '../fleet/instance.ts';
import type { Signal, SignalKind } from '../fleet/signal.ts';
import { withRetries } from './retry.ts';
import type { AgentShared } from './world.ts';

/** Writes what this machine has learned on its own item, and wakes its fleet when the machine drains for it. */
export interface SignalWriter {
  /** Once for each kind, however many sources tell it and however often. */
  write(signal: Signal, drains: boolean): void;
  /** Tries once more what could not be written: the sources tell most things once. */
  writeAgain(): void;
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

interface Told {
  readonly signal: Signal;
  readonly drains: boolean;
}

const isChange = ({ kind }: Signal): boolean => kind === 'scheduled-change' || kind === 'scheduled-change-cancelled';

/** The item keeps the first of each kind, so that a second write would say nothing. */
const createKinds = (record: (told: Told) => Promise<boolean>) => {
  const written = new Set<SignalKind>();
  const failed = new Map<SignalKind, Told>();
  const write = async (told: Told): Promise<void> => {
    const { kind } = told.signal;
    if (written.has(kind)) return;
    written.add(kind);
    failed.delete(kind);
    if (await record(told)) return;
    written.delete(kind);
    failed.set(kind, told);
  };
  return { write, failed: () => [...failed.values()] };
};

/**
 * A change that was moved or cancelled is taken back first: the item would keep the date that it was told before. They
 * are written one after the other: the last one told must be the one that stands.
 */
const createChanges = (ports: { record(told: Told): Promise<boolean>; takeBack(): Promise<boolean> }) => {
  let last: Promise<void> = Promise.resolve();
  let newest: Told | undefined;
  let mayStand = false;
  let hasFailed = false;

  const replace = async (told: Told): Promise<boolean> => {
    if (mayStand && !(await ports.takeBack())) return false;
    mayStand = told.signal.kind === 'scheduled-change';
    return !mayStand || ports.record(told);
  };

  const write = (told: Told): Promise<void> => {
    newest = told;
    hasFailed = false;
    last = last.then(async () => {
      if (told === newest) hasFailed = !(await replace(told));
    });
    return last;
  };

  return { write, failed: () => (hasFailed && newest !== undefined ? [newest] : []) };
};

export const createSignalWriter = (shared: Shared, { onRecorded }: SignalWriterOptions): SignalWriter => {
  const { clock, instances, wakes } = shared.ports;
  const attempt = createAttempt(shared);
  const underWay = new Set<Promise<void>>();
  const woken = new Set<SignalKind>();

  const hear = (item: InstanceRecord | undefined): void => {
    if (item !== undefined) onRecorded(item);
  };

  const wakeOnce = async (kind: SignalKind): Promise<void> => {
    if (woken.has(kind)) return;
    woken.add(kind);
    await attempt('waking the fleet', () => wakes.wake(shared.settings.fleet));
  };

  const record = async ({ signal, drains }: Told): Promise<boolean> => {
    const isRecorded = await attempt('recording the signal', async () =>
      hear(await instances.recordSignal(signal, drains, clock.now())),
    );
    if (drains && isRecorded) await wakeOnce(signal.kind);
    return isRecorded;
  };

  const takeBack = (): Promise<boolean> =>
    attempt('taking back the scheduled change', async () =>
      hear(await instances.withdraw(shared.instanceId, 'scheduled-change')),
    );

  const kinds = createKinds(record);
  const changes = createChanges({ record, takeBack });

  const write = (told: Told): void => {
    const writing = isChange(told.signal) ? changes.write(told) : kinds.write(told);
    underWay.add(writing);
    void writing.finally(() => underWay.delete(writing));
  };

  return {
    write: (signal, drains) => write({ signal, drains }),
    writeAgain: () => [...kinds.failed(), ...changes.failed()].forEach(write),
    settled: async () => {
      await Promise.all(underWay);
    },
  };
};
