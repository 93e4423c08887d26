import { HEARTBEAT_SECONDS } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { Mailbox } from './mailbox.ts';
import type { AgentShared } from './world.ts';

export interface HeartbeatOptions {
  readonly mailbox: Mailbox;
  readonly signal: AbortSignal;
  /** Called after every beat, answered or not. */
  afterBeat(): void;
}

/**
 * Liveness, one write for the whole machine; what it answers is the mailbox. A beat that fails is not repeated before
 * its time: the next one says the same.
 */
export const beat = async (shared: AgentShared, options: HeartbeatOptions): Promise<void> => {
  const { clock, instances, log, tellAlive } = shared.ports;
  let isSilent = false;
  while (!options.signal.aborted) {
    shared.pulse.tick(clock.now());
    try {
      const runTimes = shared.runTimes.summary();
      const report = runTimes === undefined ? {} : { runTimes };
      const compareLeases = shared.leaseWatch.beforeBeat();
      const outcome = await instances.heartbeat(shared.instanceId, shared.session, clock.now(), report);
      options.mailbox.hear(outcome);
      if (outcome.outcome === 'done') compareLeases(outcome.record);
      if (outcome.record !== undefined) tellAlive?.();
      isSilent = false;
    } catch (error) {
      if (!isSilent) log.warn('heartbeat failed', { error: String(error) });
      isSilent = true;
    }
    shared.pulse.tick(clock.now());
    options.afterBeat();
    await clock.sleep(secondsToMs(HEARTBEAT_SECONDS), options.signal);
  }
};
