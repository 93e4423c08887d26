import { defineTask } from '../lib/worker/define-task.ts';
import { handle, type Work } from './handler.ts';

export default defineTask<Work>({
  name: 'bench',
  run: async (_context, input) => {
    await handle(input);
  },
});
