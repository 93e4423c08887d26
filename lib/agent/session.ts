import type { InstanceId, SessionId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import { DEAD_MAN_SECONDS } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { LeaseOutcome } from '../ports/instances.ts';
import { backOffMs } from './retry.ts';
import type { AgentPorts } from './world.ts';

/** The control plane writes the item within a minute of the launch, mostly before the machine has booted. */
const ITEM_POLL_SECONDS = 2;

/**
 * - `opened`: this agent has the machine.
 * - `second-agent`: another one has it (F65).
 * - `no-item`: nobody wrote the machine's item in the dead-man's time.
 * - `stopped`: the agent was asked to stop while it waited.
 */
export type Opening =
  | { readonly kind: 'opened'; readonly record: InstanceRecord }
  | { readonly kind: 'second-agent' | 'no-item' | 'stopped' };

const openingOf = (outcome: LeaseOutcome, session: SessionId): Opening | undefined => {
  if (outcome.outcome === 'done') return { kind: 'opened', record: outcome.record };
  if (outcome.because === 'other-session') return { kind: 'second-agent' };
  return outcome.record?.session === session ? { kind: 'opened', record: outcome.record } : undefined;
};

/**
 * Every answer tells the service's time (lib/clock/service-clock.ts). The first one is asked for nothing else, so that no
 * stamp is written, and no wait is measured, by a machine's date that nobody has compared (F55).
 */
const learnTime = async (instances: AgentPorts['instances'], instanceId: InstanceId): Promise<void> => {
  try {
    await instances.get(instanceId);
  } catch {
    // Asked again, and complained about, by the loop that follows.
  }
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
  await learnTime(instances, ids.instanceId);
  let waitedMs = 0;
  let failures = 0;
  while (!stop.aborted) {
    try {
      const outcome = await instances.openSession(ids.instanceId, ids.session, clock.now(), ids.agentVersion);
      const opening = openingOf(outcome, ids.session);
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
