import type { InstanceRecord } from '../../fleet/instance.ts';
import type { Compared, Deeds } from './deeds.ts';
import { type Neglect, neglect } from './neglect.ts';

/** A machine whose agent has not come by then is given up. */
const COMES_WITHIN_MS = 600_000;

/** One that was sent away sooner than that shows nothing. */
const endedEarly = ({ signals, launchedAt }: InstanceRecord): boolean => {
  const drained = signals['operator-drain'];
  const isGivenUp = drained !== undefined && drained.recordedAt - launchedAt >= COMES_WITHIN_MS;
  return isGivenUp || signals['shut-down-by-itself'] !== undefined;
};

/**
 * Where machines end before their agent comes, and no other shows that one could come, people hear of it and nothing is
 * bought for a while: it would end in the same way (reliability F95). One agent that is there shows that it is not so.
 */
export const judgeBoots = (
  { records, hasRested, hasLost }: Deeds,
  compared: Compared | undefined,
): readonly Neglect[] => {
  if (compared === undefined || hasLost) return [];
  const { members, head } = compared.state;
  const read = members.flatMap(({ instanceId }) => records.get(instanceId)?.value ?? []);
  const come = read.find(({ session }) => session !== undefined);
  if (come !== undefined) {
    const found = `${head.fleet} buys nothing for a while, as if no machine came up, and ${come.instanceId} did`;
    return hasRested ? [neglect('W4', found)] : [];
  }
  const ended = read.find(endedEarly);
  if (ended === undefined) {
    return hasRested
      ? [neglect('W4', `${head.fleet} buys nothing for a while, and no machine has failed to come up`)]
      : [];
  }
  return hasRested
    ? []
    : [
        neglect(
          'M1',
          `${ended.instanceId} has ended before its agent came, none of ${head.fleet} has one, and it goes on`,
        ),
      ];
};
