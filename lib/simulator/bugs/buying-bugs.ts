import type { Bug } from './bug.ts';

/** What is bought, and what is not, although the work gets done all the same: only the bill and the wait tell. */
export const BUYING_BUGS: readonly Bug[] = [
  {
    name: 'on-demand-while-spot-is-there',
    tells: 'on demand stands in as soon as one spot pool alone may be asked',
    breaks: 'M1',
    file: 'lib/decisions/capacity-orders.ts',
    find: '  if (market.spot.length === 0) return [...base,',
    replace: '  if (market.spot.length <= 1) return [...base,',
  },
  {
    name: 'base-on-spot',
    tells: 'the on-demand base is bought on spot',
    breaks: 'W4',
    file: 'lib/decisions/capacity-orders.ts',
    find: '  const baseMissing = Math.min(missing,',
    replace: '  const baseMissing = 0 * Math.min(missing,',
  },
  {
    name: 'advice-unheeded',
    tells: 'nothing is asked for in place of a machine that EC2 recommends to move',
    breaks: 'W4',
    file: 'lib/decisions/capacity-orders.ts',
    find: '    () => earlyOrders(situation),\n',
    replace: '',
  },
  {
    name: 'on-demand-for-good',
    tells: 'once on demand has stood in, it stays although spot is back',
    breaks: 'M1',
    file: 'lib/decisions/capacity-orders.ts',
    find: '    () => returnOrders(situation),\n',
    replace: '',
  },
  {
    name: 'stuck-in-silence',
    tells: 'machines are missing, nobody can be asked, and no alarm says so',
    breaks: 'O2',
    file: 'lib/decisions/decide-capacity.ts',
    find: "  return [{ do: 'alarm', metric: 'NoCapacity', reason }];",
    replace: "  return reason === '' ? [{ do: 'alarm', metric: 'NoCapacity', reason }] : [];",
  },
  {
    name: 'more-at-a-time',
    tells: 'as many as may be lost are replaced at once, and not a quarter of the fleet',
    breaks: 'N3',
    file: 'lib/decisions/capacity-orders.ts',
    find: 'Math.min(replaced, surgeMax(counts.wanted)) - Math.max(0, counts.had - counts.wanted);',
    replace: 'replaced - Math.max(0, counts.had - counts.wanted);',
  },
  {
    name: 'impatient',
    tells: 'on demand stands in at once, however long the fleet file waits for spot',
    breaks: 'M1',
    file: 'lib/decisions/capacity-orders.ts',
    find: ' || waitsForSpot(view, spotAwaySince, now) !== undefined) return [];',
    replace: ' || spotAwaySince === now) return [];',
  },
  {
    name: 'waits-for-ever',
    tells: 'every look at a fleet begins the wait for spot anew',
    breaks: 'W4',
    file: 'lib/decisions/spot-away.ts',
    find: '  return hasSpotPool ? since : (since ?? now);',
    replace: '  return hasSpotPool ? since : now;',
  },
];
