import { drainEndOf, drainIsDue, drainsNow, type InstanceRecord, lifecycleOf } from '../fleet/instance.ts';
import { DEAD_MAN_SECONDS } from '../fleet/limits.ts';
import type { Signal } from '../fleet/signal.ts';
import { addMs, secondsToMs } from '../fleet/time.ts';
import type { Mailbox } from './mailbox.ts';
import { withRetries } from './retry.ts';
import type { MachineWarning } from './watch.ts';
import type { AgentShared } from './world.ts';

/** Where every source of a drain comes together: metadata service, mailbox, SIGTERM, age and the dead-man's switch. */
export interface SignalDesk {
  /** Something learned on this machine: acted on at once, then written on its own item, and the fleet is woken. */
  tell(warning: MachineWarning): void;
  /** What others have written on the item. */
  read(record: InstanceRecord): void;
  /** The dead-man's switch and the maximum age. */
  checkAge(mailbox: Mailbox): void;
  /** Resolves once everything told has been written or given up. */
  settled(): Promise<void>;
}

export interface SignalDeskOptions {
  onRecorded(record: InstanceRecord): void;
}

export const createSignalDesk = (shared: AgentShared, { onRecorded }: SignalDeskOptions): SignalDesk => {
  const { clock, instances, wakes, log } = shared.ports;
  const { drainPolicy, fleet, maximumAgeSeconds } = shared.settings;
  const underWay = new Set<Promise<void>>();

  /** A drain without a known deadline gets the window that the control plane gives it as well. */
  const windowEnd = () => addMs(clock.now(), secondsToMs(drainPolicy.windowSeconds));

  const attempt = async (what: string, call: () => Promise<void>): Promise<void> => {
    try {
      await withRetries(clock, call);
    } catch (error) {
      log.error(`${what} failed`, { error: String(error) });
    }
  };

  const record = async (signal: Signal, drains: boolean): Promise<void> => {
    await attempt('recording the signal', async () => {
      const item = await instances.recordSignal(signal, drains, clock.now());
      if (item !== undefined) onRecorded(item);
    });
    if (drains) await attempt('waking the fleet', () => wakes.wake(fleet));
  };

  const tell = (warning: MachineWarning): void => {
    const now = clock.now();
    const drains = drainsNow(warning, drainPolicy, now);
    log.info('signal', { kind: warning.kind, drains, deadline: warning.deadline });
    if (drains) shared.drain.begin({ reason: warning.kind, deadline: warning.deadline ?? windowEnd(), now });
    const writing = record({ ...warning, instanceId: shared.instanceId }, drains);
    underWay.add(writing);
    void writing.finally(() => underWay.delete(writing));
  };

  const stopBecause = (why: string): void => {
    log.warn('this machine ends itself', { why });
    tell({ kind: 'machine-stopping', at: clock.now(), deadline: windowEnd() });
  };

  return {
    tell,
    read: (item) => {
      const now = clock.now();
      const lifecycle = lifecycleOf(item, drainPolicy, now);
      const deadline = drainEndOf(item, drainPolicy, now);
      if (lifecycle === 'gone') shared.drain.begin({ reason: 'the machine is called gone', deadline: now, now });
      else if (lifecycle === 'draining') shared.drain.begin({ reason: 'the item says so', deadline, now });
      else if (shared.drain.state() === undefined && drainIsDue(item, drainPolicy, now)) {
        tell({ kind: 'machine-stopping', at: now, deadline });
      }
    },
    checkAge: (mailbox) => {
      if (shared.drain.state() !== undefined) return;
      const now = clock.now();
      if (now - mailbox.readAt() >= secondsToMs(DEAD_MAN_SECONDS)) return stopBecause('its item cannot be read');
      if (now - mailbox.record().launchedAt >= secondsToMs(maximumAgeSeconds)) stopBecause('its maximum age');
    },
    settled: async () => {
      await Promise.all(underWay);
    },
  };
};
