import type { TaskStep } from '../../fleet/task-protocol.ts';
import { secondsToMs } from '../../fleet/time.ts';
import type { CallerKind, CallerWorld, Method } from './caller.ts';

/** What fences itself by its attempt may arrive whenever it likes (W2, W6). */
const FENCED: readonly TaskStep['step'][] = ['checkpoint', 'commit', 'fail', 'hand-back'];

/** What the SDK waits for an answer, at most. */
const GIVEN_UP_SECONDS = 9;

const ARRIVES_SECONDS = { least: 15, most: 240 };

export const canBeLate = (kind: CallerKind, { name }: Method, [, step]: readonly unknown[]): boolean =>
  kind === 'agent' && name === 'tasks.apply' && FENCED.includes((step as TaskStep).step);

/**
 * A request that its caller gives up and that arrives all the same, by when its task may be somebody else's. Resolves when
 * the caller has given up.
 */
export const sendLate = async (
  { clock, random, faults }: CallerWorld,
  effect: () => Promise<unknown>,
): Promise<void> => {
  const { least, most } = ARRIVES_SECONDS;
  void clock.sleep(secondsToMs(random.between(least, most))).then(() => {
    // What is still on its way when faults stop never arrives.
    if (!faults.isHealed()) return effect();
  });
  await clock.sleep(secondsToMs(random.between(1, GIVEN_UP_SECONDS)));
};
