import { OBSERVED } from '../../audit/instance-model.ts';
import type { DrainPolicy, InstanceRecord } from '../../fleet/instance.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { drainEnd, FRESH_MS } from './what-items-say.ts';

/** Wakes are rounded up to whole seconds. */
const ROUNDING_MS = 1_000;

/**
 * How many milliseconds too early a task is taken from a draining machine whose agent is heard: until its deadline less the
 * margin the agent decides what becomes of each task. 0 where nobody can be heard any more, or has to be waited for.
 */
export const tooEarlyMs = (owner: InstanceRecord, drain: DrainPolicy, now: EpochMs): number => {
  const { drainingAt, goneAt, heartbeatAt, signals } = owner;
  if (drainingAt === undefined || goneAt !== undefined || heartbeatAt === undefined) return 0;
  const hasEnded = OBSERVED.some((kind) => signals[kind] !== undefined);
  if (hasEnded || now - heartbeatAt >= FRESH_MS) return 0;
  return Math.max(0, drainEnd(owner, drainingAt, drain) - drain.marginSeconds * 1_000 - ROUNDING_MS - now);
};
