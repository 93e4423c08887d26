import { mayTakeTask } from '../decisions/decide-agent-step.ts';
import { lifecycleOf } from '../fleet/instance.ts';
import { HEARTBEAT_SECONDS, LONG_POLL_SECONDS, SILENCE_SECONDS_MAX } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import { TooManyInFlight } from '../ports/queues.ts';
import { createMessageHandler, type MessageHandler } from './handle-message.ts';
import type { Mailbox } from './mailbox.ts';
import { backOffMs } from './retry.ts';
import type { SignalDesk } from './signal-desk.ts';
import { createSlots, type Slots } from './slots.ts';
import type { AgentShared } from './world.ts';

/** Where work hears of what others want, and says what it has found out. */
export interface Hearing {
  readonly mailbox: Mailbox;
  readonly desk: SignalDesk;
}

/** SQS hands out ten messages at most in one answer (reliability B12). */
const RECEIVED_MAX = 10;

/** A machine that cannot reach its item counts as silent, and would hide messages only to lose their tasks again. */
const mayPull = (shared: AgentShared, mailbox: Mailbox): boolean => {
  const now = shared.ports.clock.now();
  if (now - mailbox.readAt() >= secondsToMs(SILENCE_SECONDS_MAX)) return false;
  return mayTakeTask(lifecycleOf(mailbox.record(), shared.settings.drainPolicy, now), shared.runTimes.expectedMs());
};

/**
 * A machine that we want to leave, and that holds nothing, has nothing to wait for. One that leaves for a maintenance
 * window still far off stays: the window may be cancelled.
 */
const leaveWhenIdle = ({ drain, ports }: AgentShared, { mailbox, desk }: Hearing): void => {
  const { signals, leases } = mailbox.record();
  if (signals.leave === undefined || Object.keys(leases).length > 0 || drain.state() !== undefined) return;
  const now = ports.clock.now();
  desk.tell({ kind: 'machine-stopping', at: now, deadline: now });
};

/** The polls of one agent, and how they have fared. */
interface Pulling {
  readonly slots: Slots;
  readonly handle: MessageHandler;
  underWay: number;
  /** Polls that failed in a row. */
  failures: number;
  /** The last answer brought work, so that another poll beside it is likely to bring more. */
  isBusy: boolean;
}

const noteFailure = (shared: AgentShared, pulling: Pulling, error: unknown): void => {
  pulling.failures += 1;
  pulling.isBusy = false;
  if (error instanceof TooManyInFlight) shared.tally.refusedReceives += 1;
  shared.ports.log.warn('no answer from the work queue', { error: String(error) });
};

/** One long poll for as many messages as there are free slots; a drain that begins meanwhile ends it. */
const poll = async (shared: AgentShared, pulling: Pulling): Promise<void> => {
  const { settings, drain, ports, leases } = shared;
  const { slots } = pulling;
  const countMax = Math.min(RECEIVED_MAX, slots.free());
  slots.reserve(countMax);
  pulling.underWay += 1;
  let unused = countMax;
  try {
    const { visibilitySeconds } = settings;
    const options = { waitSeconds: LONG_POLL_SECONDS, visibilitySeconds, countMax, signal: drain.signal };
    const messages = await ports.queue.receive(options);
    pulling.failures = 0;
    pulling.isBusy = messages.length > 0;
    for (const message of messages) slots.start((leave) => pulling.handle(message, leave));
    unused -= messages.length;
    if (messages.length === 0) await leases.flush();
  } catch (error) {
    if (drain.signal.aborted) return;
    noteFailure(shared, pulling, error);
    await ports.clock.sleep(backOffMs(pulling.failures), drain.signal);
  } finally {
    pulling.underWay -= 1;
    slots.giveBack(unused);
  }
};

/** Waits for a slot, a poll's end or the drain, and looks up now and then: what a machine may do changes with time. */
const waitForChange = ({ ports }: AgentShared, { slots }: Pulling): Promise<void> =>
  ports.clock.sleep(secondsToMs(HEARTBEAT_SECONDS), slots.changeSignal());

/** Asks for work wherever there is room for it, until the drain begins. */
const pull = async (shared: AgentShared, hearing: Hearing, pulling: Pulling): Promise<void> => {
  const { signal } = shared.drain;
  const pollsMax = Math.ceil(shared.settings.concurrency / RECEIVED_MAX);
  const hasRoom = (): boolean =>
    pulling.slots.free() > 0 && pulling.underWay < (pulling.isBusy ? pollsMax : 1) && mayPull(shared, hearing.mailbox);
  while (!signal.aborted) {
    while (!signal.aborted && hasRoom()) void poll(shared, pulling);
    if (!mayPull(shared, hearing.mailbox)) {
      await shared.leases.flush();
      if (pulling.slots.running() === 0) leaveWhenIdle(shared, hearing);
    }
    if (!signal.aborted) await waitForChange(shared, pulling);
  }
};

/** Pulls and runs tasks, as many at once as the agent has slots, until the machine drains and the last one has ended. */
export const work = async (shared: AgentShared, hearing: Hearing): Promise<void> => {
  const { signal } = shared.drain;
  const mayStart = (): boolean => !signal.aborted && mayPull(shared, hearing.mailbox);
  const pulling: Pulling = {
    slots: createSlots(shared.settings.concurrency),
    handle: createMessageHandler(shared, hearing.mailbox, mayStart),
    underWay: 0,
    failures: 0,
    isBusy: false,
  };
  signal.addEventListener('abort', pulling.slots.wake, { once: true });
  await pull(shared, hearing, pulling);
  while (pulling.underWay > 0) await waitForChange(shared, pulling);
  await pulling.slots.idle();
  await shared.leases.flush();
};
