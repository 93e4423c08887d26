import { setTimeout as pause } from 'node:timers/promises';
import type { TaskContext } from '../../../lib/worker/define-task.ts';

/** The three kinds of task that a policy must serve: one that takes a while, one that fails, one with a large result. */
export default {
  name: 'varied',
  async run(context: TaskContext, input: { readonly kind: 'work' | 'fail' | 'large'; readonly wallMs: number }) {
    if (input.kind === 'fail') throw new Error('This one always fails.');
    await pause(input.wallMs / 2);
    context.signal.throwIfAborted();
    await context.checkpoint({ half: true });
    await pause(input.wallMs / 2, undefined, { signal: context.signal });
    return input.kind === 'large' ? 'x'.repeat(100_000) : input.kind;
  },
};
