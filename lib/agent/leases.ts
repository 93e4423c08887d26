import type { InstanceId, SessionId, TaskId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import type { Hold } from '../fleet/lease-rules.ts';
import { HEARTBEAT_SECONDS, LEASES_CHANGED_MAX, LONG_POLL_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { InstanceStore, LeaseOutcome } from '../ports/instances.ts';
import type { Log } from '../ports/telemetry.ts';
import { withRetries } from './retry.ts';

/**
 * The tasks held on this machine's own item. One write is under way at a time, and whatever is asked for meanwhile goes
 * into the next one together: un-holding one task and holding the next is one write, and so is all that fifty slots ask
 * for while a write takes its time. A lease that outlives its task for a while does no harm: every release is
 * conditional on the row.
 */
export interface Leases {
  hold(taskId: TaskId, attempt: number): Promise<LeaseOutcome>;
  /** Given up by the next write, unless a later attempt of the task is held by then. */
  letGo(taskId: TaskId, attempt: number): void;
  /** Writes what is still to be given up; what fails stays for the next time. */
  flush(): Promise<void>;
  /** The same, once something has waited for longer than it takes until a write comes by itself. */
  flushOverdue(): Promise<void>;
  /**
   * Held for certain, and not being given up: every read of the item after this shows each of these, unless somebody
   * else took it out.
   */
  standing(): ReadonlyMap<TaskId, number>;
}

/** Until then a hold or a poll without an answer has brought a write, as long as messages can be asked for. */
const GIVEN_UP_SECONDS_MAX = LONG_POLL_SECONDS + 2 * HEARTBEAT_SECONDS;

export interface LeasesOptions {
  readonly instances: InstanceStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly instanceId: InstanceId;
  readonly session: SessionId;
}

interface AskedHold extends Hold {
  readonly resolve: (outcome: LeaseOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** What one write is to change. */
interface Group {
  readonly holds: readonly AskedHold[];
  readonly unholds: readonly TaskId[];
}

/** Nothing can be written to an item that is not there or is another session's, now or later. */
const isHopeless = (outcome: LeaseOutcome): boolean =>
  outcome.outcome === 'refused' && (outcome.because === 'no-item' || outcome.because === 'other-session');

class GroupedLeases implements Leases {
  readonly #options: LeasesOptions;
  /** The attempt of each task that is held here, or is about to be. */
  readonly #held = new Map<TaskId, number>();
  /** Those of them whose write has been answered. */
  readonly #standing = new Map<TaskId, number>();
  /** Since when each is to be given up. */
  readonly #toLetGo = new Map<TaskId, EpochMs>();
  #asked: AskedHold[] = [];
  #isFlushAsked = false;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  hold(taskId: TaskId, attempt: number): Promise<LeaseOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<LeaseOutcome>();
    // Its new lease overwrites the old one.
    this.#toLetGo.delete(taskId);
    this.#held.set(taskId, attempt);
    this.#standing.delete(taskId);
    this.#asked.push({ taskId, attempt, resolve, reject });
    void this.#write();
    return promise;
  }

  letGo(taskId: TaskId, attempt: number): void {
    const held = this.#held.get(taskId);
    if (held !== undefined && held !== attempt) return;
    this.#held.delete(taskId);
    this.#standing.delete(taskId);
    this.#giveUpSoon(taskId);
  }

  standing(): ReadonlyMap<TaskId, number> {
    return new Map(this.#standing);
  }

  async flush(): Promise<void> {
    this.#isFlushAsked ||= this.#toLetGo.size > 0;
    await this.#write();
  }

  async flushOverdue(): Promise<void> {
    const since = addMs(this.#options.clock.now(), -secondsToMs(GIVEN_UP_SECONDS_MAX));
    if ([...this.#toLetGo.values()].some((at) => at <= since)) await this.flush();
  }

  /** From when it was first to be, as long as it has not been written. */
  #giveUpSoon(taskId: TaskId): void {
    if (!this.#toLetGo.has(taskId)) this.#toLetGo.set(taskId, this.#options.clock.now());
  }

  #write(): Promise<void> {
    if (!this.#isWriting) {
      this.#isWriting = true;
      this.#written = this.#writeAll();
    }
    return this.#written;
  }

  async #writeAll(): Promise<void> {
    while (this.#asked.length > 0 || (this.#isFlushAsked && this.#toLetGo.size > 0)) {
      const group = this.#nextGroup();
      try {
        this.#conclude(group, await this.#send(group));
      } catch (error) {
        this.#giveUp(group, error);
      }
    }
    this.#isFlushAsked = false;
    // At once, not a turn later: whoever asks from here on begins anew.
    this.#isWriting = false;
  }

  #nextGroup(): Group {
    const holds = this.#asked.splice(0, LEASES_CHANGED_MAX);
    return { holds, unholds: [...this.#toLetGo.keys()].slice(0, LEASES_CHANGED_MAX - holds.length) };
  }

  #send({ holds, unholds }: Group): Promise<LeaseOutcome> {
    const { instances, clock, instanceId, session } = this.#options;
    const held = holds.map(({ taskId, attempt }) => ({ taskId, attempt }));
    const change = { instanceId, session, holds: held, unholds };
    return withRetries(clock, () => instances.changeLeases(change, clock.now()));
  }

  /** What the item says is what counts: an un-hold that a refused hold has kept from happening is written by itself. */
  #conclude({ holds, unholds }: Group, outcome: LeaseOutcome): void {
    const leases: InstanceRecord['leases'] = isHopeless(outcome) ? {} : (outcome.record?.leases ?? {});
    for (const hold of holds) {
      // An earlier attempt's lease, which the refused hold was to overwrite, is given up instead.
      if (outcome.outcome === 'refused' && this.#forget(hold)) this.#giveUpSoon(hold.taskId);
      else if (this.#held.get(hold.taskId) === hold.attempt) this.#standing.set(hold.taskId, hold.attempt);
      hold.resolve(outcome);
    }
    if (isHopeless(outcome)) this.#warnOfUnholds(unholds, outcome);
    for (const taskId of [...holds.map((hold) => hold.taskId), ...unholds]) {
      if (leases[taskId] === undefined) this.#toLetGo.delete(taskId);
      else this.#isFlushAsked ||= this.#toLetGo.has(taskId);
    }
  }

  /** The write may have happened: a lease on a task that does not run here would keep the sweep from it. */
  #giveUp({ holds, unholds }: Group, error: unknown): void {
    for (const hold of holds) {
      if (this.#forget(hold)) this.#giveUpSoon(hold.taskId);
      hold.reject(error);
    }
    this.#isFlushAsked = false;
    if (unholds.length > 0) this.#options.log.warn('un-hold failed', { taskIds: unholds, error: String(error) });
  }

  /** Whether it was the last word about its task. */
  #forget({ taskId, attempt }: Hold): boolean {
    return this.#held.get(taskId) === attempt && this.#held.delete(taskId);
  }

  #warnOfUnholds(taskIds: readonly TaskId[], outcome: LeaseOutcome): void {
    if (outcome.outcome === 'done' || taskIds.length === 0) return;
    this.#options.log.warn('un-hold refused', { taskIds, because: outcome.because });
  }
}

export const createLeases = (options: LeasesOptions): Leases => new GroupedLeases(options);
