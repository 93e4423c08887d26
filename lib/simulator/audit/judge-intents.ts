import type { FleetHead } from '../../fleet/fleet.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { FleetDeeds } from './deeds.ts';
import { serialisedRequestOf } from './judge-request.ts';
import { type Neglect, neglect } from './neglect.ts';

/** Within ten minutes the same token gives the same machines; afterwards they are found by their tags (B17). */
const REPEATABLE_MS = 600_000;

/** What a launch that was left open by somebody else is owed: the same question once more, or its end. */
export const neglectedIntents = ({ reads, opened, asked, startedAt }: FleetDeeds, now: EpochMs): Neglect[] => {
  const [before] = reads;
  const after = reads.at(-1);
  return Object.values(before?.head.openIntents ?? {}).flatMap((intent) => {
    const { intentId, openedAt } = intent;
    if (opened.has(intentId)) return [];
    if (now - openedAt < REPEATABLE_MS && !asked.has(serialisedRequestOf(intent).request)) {
      return [neglect('N4', `launch ${intentId} was found open, and is not asked for again`)];
    }
    const isOld = startedAt - openedAt >= REPEATABLE_MS;
    return isOld && after !== before && after?.head.openIntents[intentId] !== undefined
      ? [neglect('N4', `launch ${intentId} was found open after ten minutes, and is not given up`)]
      : [];
  });
};

/** Whoever has EC2's answer closes the launch with what came: until then its count is had, and is asked for again. */
export const unclosedIntents = ({ answered }: FleetDeeds, { openIntents }: Pick<FleetHead, 'openIntents'>): Neglect[] =>
  Object.values(openIntents)
    .filter((intent) => answered.has(serialisedRequestOf(intent).request))
    .map(({ intentId }) => neglect('N4', `launch ${intentId} was answered, and stays open`));

/** Whoever asks why a machine was bought, or let go, finds the plan. */
export const unexplained = ({ fleet, plans, opened, moved }: FleetDeeds): Neglect[] => {
  const isPlanned = plans.some((plan) => plan.startsWith(`fleet ${fleet}:`));
  const done = [...opened, ...moved];
  return isPlanned || done.length === 0 ? [] : [neglect('M2', `no plan is kept that tells of ${done.join(' ')}`)];
};
