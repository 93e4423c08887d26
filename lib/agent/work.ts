import { mayTakeTask } from '../decisions/decide-agent-step.ts';
import { lifecycleOf } from '../fleet/instance.ts';
import { HEARTBEAT_SECONDS, LONG_POLL_SECONDS, SILENCE_SECONDS_MAX } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { ReceivedMessage } from '../ports/queues.ts';
import { createAttempt } from './attempt.ts';
import type { Mailbox } from './mailbox.ts';
import { putBack } from './meet.ts';
import { backOffMs } from './retry.ts';
import { runTask } from './run-task.ts';
import { settle } from './settle.ts';
import type { SignalDesk } from './signal-desk.ts';
import { takeFromMessage } from './take.ts';
import { keepHidden } from './visibility.ts';
import type { AgentShared } from './world.ts';

/** Where work hears of what others want, and says what it has found out. */
export interface Hearing {
  readonly mailbox: Mailbox;
  readonly desk: SignalDesk;
}

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

/** One message by long poll; a drain that begins meanwhile ends the poll. */
const receiveOne = async (shared: AgentShared): Promise<ReceivedMessage | undefined> => {
  const { visibilitySeconds } = shared.settings;
  const options = { waitSeconds: LONG_POLL_SECONDS, visibilitySeconds, signal: shared.drain.signal };
  const [message] = await shared.ports.queue.receive(options);
  return message;
};

const handleMessage = async (shared: AgentShared, mailbox: Mailbox, message: ReceivedMessage): Promise<void> => {
  const keeper = keepHidden(message, { ...shared.ports, visibilitySeconds: shared.settings.visibilitySeconds });
  try {
    const row = await takeFromMessage(shared, message, { onLeaseOutcome: mailbox.hear });
    if (row === undefined) return;
    const attempt = createAttempt(shared, row);
    try {
      const end = await runTask(shared, attempt);
      await keeper.stop();
      await settle(shared, attempt, message, end);
    } finally {
      shared.leases.letGo(row.taskId);
    }
  } finally {
    await keeper.stop();
  }
};

/**
 * A message whose handling failed for good stays hidden until it shows again; its row says by then how far it came. A
 * task we took and do not hold, or hold no longer, is released by the sweep.
 */
const handleSafely = async (shared: AgentShared, mailbox: Mailbox, message: ReceivedMessage): Promise<void> => {
  if (shared.drain.signal.aborted) return putBack(shared, message, 0);
  try {
    await handleMessage(shared, mailbox, message);
  } catch (error) {
    shared.ports.log.error('message not handled', { messageId: message.messageId, error: String(error) });
  }
};

/** Pulls and runs one task after the other until the machine drains. */
export const work = async (shared: AgentShared, hearing: Hearing): Promise<void> => {
  const { mailbox } = hearing;
  const { clock, log } = shared.ports;
  const { signal } = shared.drain;
  let failures = 0;
  while (!signal.aborted) {
    if (!mayPull(shared, mailbox)) {
      await shared.leases.flush();
      leaveWhenIdle(shared, hearing);
      await clock.sleep(secondsToMs(HEARTBEAT_SECONDS), signal);
      continue;
    }
    try {
      const message = await receiveOne(shared);
      failures = 0;
      if (message === undefined) await shared.leases.flush();
      else await handleSafely(shared, mailbox, message);
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      log.warn('no answer from the work queue', { error: String(error) });
      await clock.sleep(backOffMs(failures), signal);
    }
  }
  await shared.leases.flush();
};
