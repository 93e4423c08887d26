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
import { takeFromMessage } from './take.ts';
import { keepHidden } from './visibility.ts';
import type { AgentShared } from './world.ts';

/** A machine that cannot reach its item counts as silent, and would hide messages only to lose their tasks again. */
const mayPull = (shared: AgentShared, mailbox: Mailbox): boolean => {
  const now = shared.ports.clock.now();
  if (now - mailbox.readAt() >= secondsToMs(SILENCE_SECONDS_MAX)) return false;
  return mayTakeTask(lifecycleOf(mailbox.record(), shared.settings.drainPolicy, now), shared.runTimes.expectedMs());
};

/** A machine that is to leave and holds nothing has nothing to wait for. */
const leaveWhenIdle = ({ drain, ports, settings }: AgentShared, mailbox: Mailbox): void => {
  const now = ports.clock.now();
  const record = mailbox.record();
  const isIdle = Object.keys(record.leases).length === 0;
  if (!isIdle || lifecycleOf(record, settings.drainPolicy, now) !== 'leaving') return;
  drain.begin({ reason: 'it was asked to leave, and holds nothing', deadline: now, now });
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
export const work = async (shared: AgentShared, mailbox: Mailbox): Promise<void> => {
  const { clock, log } = shared.ports;
  const { signal } = shared.drain;
  let failures = 0;
  while (!signal.aborted) {
    if (!mayPull(shared, mailbox)) {
      await shared.leases.flush();
      leaveWhenIdle(shared, mailbox);
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
