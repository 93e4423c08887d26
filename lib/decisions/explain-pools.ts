import type { Pool } from '../fleet/pool.ts';
import type { PoolScore, PoolVerdict } from './score-pool.ts';

export const poolWords = ({ instanceType, zone }: Pick<Pool, 'instanceType' | 'zone'>): string =>
  `${instanceType}/${zone}`;

/** Four decimals: the cheapest machines cost less than a cent an hour. */
export const dollarsAnHour = (microUsdPerHour: number): string => `$${(microUsdPerHour / 1_000_000).toFixed(4)}`;

/** What the other pools are left out for, one by one or, for many of a kind, counted. */
const NAMED_MAX = 2;

const KIND_WORDS: Readonly<Record<Exclude<PoolVerdict['kind'], 'ask'>, string>> = {
  'set-aside': 'set aside after a refusal or a reclaim',
  'too-dear': 'too near the on-demand price',
  'not-worthwhile': 'dearer than on demand once losses are counted',
  doubted: 'likely to be reclaimed next',
  storm: 'beside pools that were just reclaimed together',
  dominated: 'dominated',
};

const detail = ({ verdict, percentOfOnDemand }: PoolScore): string => {
  if (verdict.kind === 'dominated') return ` by ${poolWords(verdict.by)}`;
  if (verdict.kind === 'storm') return ` (${verdict.shared})`;
  return verdict.kind === 'too-dear' ? ` (${Math.round(percentOfOnDemand!)} %)` : '';
};

/** Why one pool is not asked; nothing for one that is. */
export const whyLeftOut = (score: PoolScore): string | undefined =>
  score.verdict.kind === 'ask' ? undefined : `${KIND_WORDS[score.verdict.kind]}${detail(score)}`;

const leftOutWords = (scores: readonly PoolScore[]): readonly string[] =>
  (Object.keys(KIND_WORDS) as (keyof typeof KIND_WORDS)[]).flatMap((kind) => {
    const ofKind = scores.filter(({ verdict }) => verdict.kind === kind);
    if (ofKind.length === 0) return [];
    if (ofKind.length > NAMED_MAX) return [`${ofKind.length} pools ${KIND_WORDS[kind]}`];
    return ofKind.map((score) => `${poolWords(score.pool)} ${whyLeftOut(score)}`);
  });

const firstWords = ({ pool, usefulHourMicroUsd }: PoolScore): string =>
  usefulHourMicroUsd === undefined
    ? `${poolWords(pool)} first, prices unknown`
    : `${poolWords(pool)} first at ${dollarsAnHour(usefulHourMicroUsd)} a useful hour`;

/** Which pools are asked and which are not, in words, whatever their number. */
export const explainPools = (scores: readonly PoolScore[]): string => {
  const asked = scores.filter(({ verdict }) => verdict.kind === 'ask');
  const first = asked[0];
  const others = asked.length > 1 ? [`${asked.length - 1} more`] : [];
  const leftOut = leftOutWords(scores);
  const chosen = first === undefined ? [] : [[firstWords(first), ...others].join(', ')];
  return [...chosen, ...(leftOut.length === 0 ? [] : [`left out: ${leftOut.join(', ')}`])].join('; ');
};
