import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { defineTask, type TaskContext } from 'spothop';
import { z } from 'zod';
import { halveImage } from './halve-image.ts';

/** Makes a small copy of each picture. A copy that is written twice is the same copy, so repeating one does no harm. */
export default defineTask({
  name: 'resize-images',
  schema: z.object({ images: z.array(z.string()).min(1), to: z.string() }),
  async run(context: TaskContext<{ nextIndex: number }>, { images, to }) {
    for (let index = context.resume?.nextIndex ?? 0; index < images.length; index += 1) {
      context.signal.throwIfAborted();
      const small = halveImage(await readFile(images[index]!));
      await writeFile(join(to, basename(images[index]!)), small);
      context.progress({ done: index + 1, total: images.length });
      await context.checkpoint({ nextIndex: index + 1 });
    }
    return { resized: images.length };
  },
});
