import { MESSAGE_FORM, parseTaskMessage } from '../../fleet/message.ts';
import type { Life } from './life.ts';

const MESSAGES = 3;

/** While versions share a queue, some of its messages are of a form that is yet to come: nobody here may touch them (F99). */
export const sendLaterMessages = (life: Life): void => {
  if (life.faults.rate('F99') === 0) return;
  const random = life.random.fork('later messages');
  const queue = life.memory.workQueue(life.plan.settings.fleet);
  for (let count = 1; count <= MESSAGES; count += 1) {
    void life.clock.sleep(random.between(0, life.plan.safetyMs)).then(() => {
      if (life.faults.isHealed()) return;
      queue.sendBody(JSON.stringify({ spothop: MESSAGE_FORM + 1, taskId: `later-${count}` }));
    });
  }
};

/** The deployment is through, and whoever understands these messages has dealt with them. */
export const takeLaterMessages = (life: Life): void => {
  const queue = life.memory.workQueue(life.plan.settings.fleet);
  for (const { messageId, body } of queue.messages())
    if (parseTaskMessage(body).kind === 'unknown-form') queue.drop(messageId);
};
