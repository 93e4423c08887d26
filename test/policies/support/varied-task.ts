import { defineTask } from 'spothop';
import { workFor } from './varied-work.ts';

/** The three kinds of task that a policy must serve: one that takes a while, one that fails, one with a large result. */
export default defineTask({
  name: 'varied',
  async run(context, input: { readonly kind: 'work' | 'fail' | 'large'; readonly wallMs: number }) {
    if (input.kind === 'fail') throw new Error('This one always fails.');
    await workFor(input.wallMs / 2, context.signal);
    await context.checkpoint({ half: true });
    await workFor(input.wallMs / 2, context.signal);
    return input.kind === 'large' ? 'x'.repeat(100_000) : input.kind;
  },
});
