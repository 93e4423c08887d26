import { errorAt, warningAt } from './problem.ts';
import { type Rule, whenBoth } from './rule.ts';

const minWithinMax: Rule = ({ capacity }) =>
  whenBoth(capacity?.min, capacity?.max, (min, max) =>
    min <= max
      ? []
      : [
          errorAt(
            ['capacity', 'min'],
            `is ${min}, above capacity.max, which is ${max}`,
            `write at most ${max}, or raise max to ${min}`,
          ),
        ],
  );

const onDemandWithinMax: Rule = ({ capacity, onDemand }) =>
  whenBoth(onDemand?.max, capacity?.max, (onDemandMax, max) =>
    onDemandMax <= max
      ? []
      : [
          errorAt(
            ['onDemand', 'max'],
            `is ${onDemandMax}, above capacity.max, which is ${max}`,
            `write at most ${max}`,
          ),
        ],
  );

const baseWithinOnDemand: Rule = ({ capacity, onDemand }) =>
  whenBoth(onDemand?.base, onDemand?.max ?? capacity?.max, (base, max) => {
    const limit = onDemand?.max === undefined ? 'capacity.max' : 'onDemand.max';
    if (base <= max) return [];
    return [
      errorAt(
        ['onDemand', 'base'],
        `is ${base}, above ${limit}, which is ${max}`,
        `write at most ${max}, or raise ${limit}`,
      ),
    ];
  });

const fallbackHasRoom: Rule = ({ onDemand }) =>
  whenBoth(onDemand?.base, onDemand?.max, (base, max) =>
    onDemand?.fallback !== true || base < max || max === 0 || base > max
      ? []
      : [
          warningAt(
            ['onDemand', 'max'],
            `is ${max}, all of it taken by the base, so that fallback adds nothing`,
            `write more than ${base}`,
          ),
        ],
  );

const fallbackIsAllowed: Rule = ({ onDemand }) =>
  onDemand?.fallback === true && onDemand.max === 0
    ? [errorAt(['onDemand', 'max'], 'is 0 although onDemand.fallback is true', 'write at least 1, or fallback: false')]
    : [];

const AFTER_PATH = ['onDemand', 'afterSeconds'];

/** Whoever says by when tasks are due has said how long spot is waited for. */
const waitsByOneRule: Rule = ({ onDemand, windowHours }) =>
  (onDemand?.afterSeconds ?? 0) === 0 || windowHours === undefined
    ? []
    : [
        errorAt(
          AFTER_PATH,
          'stands beside windowHours, which decides how long spot is waited for',
          'remove one of them',
        ),
      ];

const onlyFallbackWaits: Rule = ({ onDemand }) =>
  (onDemand?.afterSeconds ?? 0) === 0 || onDemand?.fallback !== false
    ? []
    : [warningAt(AFTER_PATH, 'stands beside fallback: false, so that on demand never stands in', 'remove one of them')];

const ON_DEMAND_PERCENT = 100;

const spotIsCheaper: Rule = ({ spot }) => {
  const percent = spot?.maxPercentOfOnDemand ?? 0;
  if (percent <= ON_DEMAND_PERCENT) return [];
  const reason = `is ${percent}: spot machines may then cost more than on demand`;
  return [warningAt(['spot', 'maxPercentOfOnDemand'], reason, `write at most ${ON_DEMAND_PERCENT}`)];
};

const realtimeHasBase: Rule = ({ tier, onDemand }) =>
  tier === 'realtime' && onDemand?.base === 0
    ? [
        warningAt(
          ['onDemand', 'base'],
          'is 0 in a realtime fleet, which then has no machine that stays when every spot machine is taken',
          'write at least 1',
        ),
      ]
    : [];

export const capacityRules: readonly Rule[] = [
  minWithinMax,
  onDemandWithinMax,
  baseWithinOnDemand,
  fallbackHasRoom,
  fallbackIsAllowed,
  waitsByOneRule,
  onlyFallbackWaits,
  spotIsCheaper,
  realtimeHasBase,
];
