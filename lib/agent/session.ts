import type { InstanceId, SessionId } from '../fleet/ids.ts';
import { type InstanceRecord, silenceMs } from '../fleet/instance.ts';
import { DEAD_MAN_SECONDS } from '../fleet/limits.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { LeaseOutcome } from '../ports/instances.ts';
import { backOffMs } from './retry.ts';
import type { AgentPorts } from './world.ts';

/** The control plane writes the item within a minute of the launch, mostly before the machine has booted. */
const ITEM_POLL_SECONDS = 2;

export interface Opened {
  readonly kind: 'opened';
  readonly record: InstanceRecord;
  /** For so long nobody had been heard on the machine; a new one has been silent for as long as it lives. */
  readonly silentMs: number;
}

/**
 * - `opened`: this agent has the machine.
 * - `second-agent`: another one has it (F65).
 * - `no-item`: nobody wrote the machine's item in the dead-man's time.
 * - `stopped`: the agent was asked to stop while it waited.
 */
export type Opening = Opened | { readonly kind: 'second-agent' | 'no-item' | 'stopped' };

const openingOf = (
  outcome: LeaseOutcome,
  session: SessionId,
  before: InstanceRecord,
  now: EpochMs,
): Opening | undefined => {
  const opened = (record: InstanceRecord): Opening => ({ kind: 'opened', record, silentMs: silenceMs(before, now) });
  if (outcome.outcome === 'done') return opened(outcome.record);
  if (outcome.because === 'other-session') return { kind: 'second-agent' };
  return outcome.record?.session === session ? opened(outcome.record) : undefined;
};

/**
 * Waits for the item, which an agent never makes, and opens the machine's one session on it. The dead-man's time is the
 * sum of the pauses, not a difference of dates: a date that is put right meanwhile must not power the machine off.
 */
export const openSession = async (
  { instances, clock, log }: AgentPorts,
  ids: { readonly instanceId: InstanceId; readonly session: SessionId; readonly agentVersion: string },
  stop: AbortSignal,
): Promise<Opening> => {
  /**
   * As the last process left it, before the session is written. Every answer tells the service's time
   * (lib/clock/service-clock.ts): this one is asked for first, so that no stamp is written, and no wait is measured, by a
   * machine's date that nobody has compared (F55).
   */
  let before: InstanceRecord | undefined;
  const openOn = async (item: InstanceRecord): Promise<Opening | undefined> => {
    const now = clock.now();
    const outcome = await instances.openSession(ids.instanceId, ids.session, now, ids.agentVersion);
    return openingOf(outcome, ids.session, item, now);
  };
  let waitedMs = 0;
  let failures = 0;
  while (!stop.aborted) {
    try {
      before ??= await instances.get(ids.instanceId);
      const opening = before && (await openOn(before));
      if (opening !== undefined) return opening;
      failures = 0;
    } catch (error) {
      failures += 1;
      log.warn('the machine’s item cannot be read', { error: String(error) });
    }
    if (waitedMs >= secondsToMs(DEAD_MAN_SECONDS)) return { kind: 'no-item' };
    const pauseMs = failures === 0 ? secondsToMs(ITEM_POLL_SECONDS) : backOffMs(failures);
    await clock.sleep(pauseMs, stop);
    waitedMs += pauseMs;
  }
  return { kind: 'stopped' };
};
