import type { InstanceRecord } from '../../fleet/instance.ts';
import type { Compared, Deeds } from './deeds.ts';
import { type Neglect, neglect } from './neglect.ts';

const HAS_ENDED_EARLY = ['shut-down-by-itself', 'operator-drain'] as const;

const endedEarly = ({ signals }: InstanceRecord): boolean =>
  HAS_ENDED_EARLY.some((kind) => signals[kind] !== undefined);

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
  return ended === undefined || hasRested
    ? []
    : [
        neglect(
          'M1',
          `${ended.instanceId} has ended before its agent came, none of ${head.fleet} has one, and it goes on`,
        ),
      ];
};
