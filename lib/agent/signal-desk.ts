import { drainEndOf, drainIsDue, drainsNow, type InstanceRecord, lifecycleOf } from '../fleet/instance.ts';
import { DEAD_MAN_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { Mailbox } from './mailbox.ts';
import type { MachineWarning } from './notices.ts';
import { createSignalWriter, type SignalWriterOptions } from './signal-writer.ts';
import type { AgentShared } from './world.ts';

/** Where every source of a drain comes together: metadata service, mailbox, SIGTERM, age and the dead-man's switch. */
export interface SignalDesk {
  /** Something learned on this machine: acted on at once, then written on its own item, and the fleet is woken. */
  tell(warning: MachineWarning): void;
  /** What others have written on the item. */
  read(record: InstanceRecord): void;
  /** What is looked at again and again: what is still to be written, the dead-man's switch and the maximum age. */
  afterBeat(mailbox: Mailbox): void;
  /** Resolves once everything told has been written or given up. */
  settled(): Promise<void>;
}

/**
 * A machine ends itself only for what two beats in a row find: a wildly wrong date among the service's answers, such as
 * from a proxy, moves the clock until the next ones put it right.
 */
const BEATS_THAT_AGREE = 2;

export const createSignalDesk = (shared: AgentShared, options: SignalWriterOptions): SignalDesk => {
  const { clock, log } = shared.ports;
  const { drainPolicy, maximumAgeSeconds } = shared.settings;
  const writer = createSignalWriter(shared, options);
  let beatsThatAgree = 0;

  /** A drain without a known deadline gets the window that the control plane gives it as well. */
  const windowEnd = () => addMs(clock.now(), secondsToMs(drainPolicy.windowSeconds));

  const tell = (warning: MachineWarning): void => {
    const now = clock.now();
    const drains = drainsNow(warning, drainPolicy, now);
    log.info('signal', { kind: warning.kind, drains, deadline: warning.deadline });
    if (drains) shared.drain.begin({ reason: warning.kind, deadline: warning.deadline ?? windowEnd(), now });
    writer.write({ ...warning, instanceId: shared.instanceId }, drains);
  };

  const stopBecause = (why: string): void => {
    log.warn('this machine ends itself', { why });
    tell({ kind: 'machine-stopping', at: clock.now(), deadline: windowEnd() });
  };

  const whyToStop = (mailbox: Mailbox): string | undefined => {
    const now = clock.now();
    if (now - mailbox.readAt() >= secondsToMs(DEAD_MAN_SECONDS)) return 'its item cannot be read';
    return now - mailbox.record().launchedAt >= secondsToMs(maximumAgeSeconds) ? 'its maximum age' : undefined;
  };

  return {
    tell,
    read: (item) => {
      const now = clock.now();
      const lifecycle = lifecycleOf(item, drainPolicy, now);
      const deadline = (): EpochMs => drainEndOf(item, drainPolicy, now);
      if (lifecycle === 'gone') shared.drain.begin({ reason: 'the machine is called gone', deadline: now, now });
      else if (lifecycle === 'draining') shared.drain.begin({ reason: 'the item says so', deadline: deadline(), now });
      else if (shared.drain.state() === undefined && drainIsDue(item, drainPolicy, now)) {
        tell({ kind: 'machine-stopping', at: now, deadline: deadline() });
      }
    },
    afterBeat: (mailbox) => {
      writer.writeAgain();
      if (shared.drain.state() !== undefined) return;
      const why = whyToStop(mailbox);
      beatsThatAgree = why === undefined ? 0 : beatsThatAgree + 1;
      if (why !== undefined && beatsThatAgree >= BEATS_THAT_AGREE) stopBecause(why);
    },
    settled: writer.settled,
  };
};
