import type { Attempt } from './attempt.ts';
import { readContent } from './read-content.ts';
import type { AgentShared } from './world.ts';

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
    const found = await readContent(shared.ports, candidate.content);
    if (typeof found === 'string') return found;
    const next = candidates[index + 1];
    attempt.resumedFrom(next);
    const message =
      next === undefined
        ? 'checkpoint unreadable, starting over'
        : 'checkpoint unreadable, going back to the one before';
    shared.ports.log.error(message, { taskId, sequence: candidate.sequence, error: String(found) });
  }
  return undefined;
};
