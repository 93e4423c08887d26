import type { Checkpoint } from '../fleet/task.ts';
import { CorruptContent, unpackContent } from '../workflows/content.ts';
import type { Attempt } from './attempt.ts';
import { withRetries } from './retry.ts';
import type { AgentShared } from './world.ts';

type Read = { readonly text: string } | { readonly corrupt: CorruptContent };

/** A store that does not answer is asked again; content that is not what was stored stays so however often it is read. */
const read = ({ ports }: AgentShared, { content }: Checkpoint): Promise<Read> =>
  withRetries(ports.clock, async () => {
    try {
      return { text: await unpackContent(ports.blobs, content) };
    } catch (error) {
      if (error instanceof CorruptContent) return { corrupt: error };
      throw error;
    }
  });

/**
 * What the task goes on from. A checkpoint that is missing, cut or changed costs the work since the one before it, and
 * without one before it all of its work, but never the task (reliability F54).
 *
 * @throws when the store cannot be reached: then nothing is known of the checkpoint, and starting over would lose it
 */
export const readResume = async (shared: AgentShared, attempt: Attempt): Promise<string | undefined> => {
  const { taskId, checkpoint, checkpointBefore } = attempt.row;
  const candidates = [checkpoint, checkpointBefore].filter((candidate) => candidate !== undefined);
  for (const [index, candidate] of candidates.entries()) {
    const found = await read(shared, candidate);
    if ('text' in found) return found.text;
    const next = candidates[index + 1];
    attempt.resumedFrom(next);
    const message =
      next === undefined
        ? 'checkpoint unreadable, starting over'
        : 'checkpoint unreadable, going back to the one before';
    shared.ports.log.error(message, { taskId, sequence: candidate.sequence, error: String(found.corrupt) });
  }
  return undefined;
};
