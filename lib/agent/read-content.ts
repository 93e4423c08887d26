import type { Content } from '../fleet/task.ts';
import { CorruptContent, unpackContent } from '../workflows/content.ts';
import { withRetries } from './retry.ts';
import type { AgentPorts } from './world.ts';

/**
 * A store that does not answer is asked again; content that is not what was stored stays so however often it is read.
 *
 * @throws when the store cannot be reached: then nothing is known of the content
 */
export const readContent = (
  { clock, blobs }: Pick<AgentPorts, 'clock' | 'blobs'>,
  content: Content,
): Promise<string | CorruptContent> =>
  withRetries(clock, async () => {
    try {
      return await unpackContent(blobs, content);
    } catch (error) {
      if (error instanceof CorruptContent) return error;
      throw error;
    }
  });
