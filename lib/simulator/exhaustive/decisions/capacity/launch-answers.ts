import { learnFromLaunch } from '../../../../decisions/learn-from-launch.ts';
import { isQuarantined } from '../../../../decisions/pool-memory.ts';
import type { PoolMemory } from '../../../../fleet/fleet.ts';
import { ec2FleetId, instanceId } from '../../../../fleet/ids.ts';
import type { Pool, Purchase } from '../../../../fleet/pool.ts';
import { epochMs } from '../../../../fleet/time.ts';
import type { LaunchRefusal } from '../../../../ports/machines.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const NOW = epochMs(1_800_000_000_000);

const ZONES = ['a', 'b'] as const;

const poolOf = (zone: string, purchase: Purchase): Pool => ({ instanceType: 'm', zone, purchase });

const CLASSES = [
  'none',
  'capacity',
  'price',
  'quota',
  'network',
  'throttle',
  'eventual',
  'configuration',
  'authorisation',
  'unknown',
] as const;

const CASES = {
  refused: CLASSES,
  /** What the refusal is about. */
  about: ['a', 'the whole request'],
  alsoRefused: ['none', 'capacity', 'throttle', 'configuration'],
  given: ['none', 'a', 'b'],
  purchase: ['spot', 'on-demand'],
  /** Whether pool b had refused just before. */
  wasRefused: [false, true],
} as const;

type Case = CombinationOf<typeof CASES>;

const refusalsOf = ({ refused, about, alsoRefused, purchase }: Case): readonly LaunchRefusal[] => [
  ...(refused === 'none'
    ? []
    : [
        {
          class: refused,
          code: 'Code',
          message: 'said EC2',
          ...(about === 'a' ? { pool: poolOf('a', purchase) } : {}),
        },
      ]),
  ...(alsoRefused === 'none'
    ? []
    : [{ class: alsoRefused, code: 'Other', message: 'said EC2', pool: poolOf('b', purchase) }]),
];

/** Two pools asked, in an order that the answer's does not follow. */
const decided = (tried: Case): string => {
  const { given, purchase, wasRefused } = tried;
  const memory: Record<string, PoolMemory> = wasRefused
    ? { [`m/b/${purchase}`]: { refusedAt: epochMs(NOW - 60_000), strikes: 1 } }
    : {};
  const lesson = learnFromLaunch(
    { purchase, pools: ZONES.map((zone) => poolOf(zone, purchase)) },
    {
      answered: true,
      ec2FleetId: ec2FleetId('fleet-1'),
      machines:
        given === 'none' ? [] : [{ instanceId: instanceId('i-00000000000000001'), pool: poolOf(given, purchase) }],
      refusals: refusalsOf(tried),
    },
    memory,
    NOW,
  );
  const pools: Record<string, PoolMemory | undefined> = { ...memory, ...lesson.pools };
  const aside = ZONES.filter((zone) => isQuarantined(pools[`m/${zone}/${purchase}`], NOW));
  const rest = lesson.restUntil === undefined ? 0 : (lesson.restUntil - NOW) / 1_000;
  const alarms = lesson.alarms.map(({ metric, reason }) => `${metric} ${reason}`);
  return `${Object.keys(pools).length} known, set aside ${aside.join(' ')}; rest ${rest} s; ${alarms.join(', ')}`;
};

/** Which pools a class sets aside, for how long nobody is asked at all, and whom it calls (reliability B19). */
const SETS_ASIDE = ['capacity', 'price', 'quota', 'network', 'unknown'];
const REST: Readonly<Record<string, number>> = { throttle: 30, eventual: 30, configuration: 600, authorisation: 600 };
const ALARM: Readonly<Record<string, string>> = {
  quota: 'QuotaReached',
  configuration: 'LaunchesMisconfigured',
  authorisation: 'LaunchesUnauthorised',
  unknown: 'LaunchesMisconfigured',
};

const expected = ({ refused, about, alsoRefused, given, purchase, wasRefused }: Case): string => {
  const aside = new Set<string>(wasRefused && given !== 'b' ? ['b'] : []);
  if (SETS_ASIDE.includes(refused)) for (const zone of about === 'a' ? ['a'] : ['a', 'b']) aside.add(zone);
  if (SETS_ASIDE.includes(alsoRefused)) aside.add('b');
  const known = new Set([...aside, ...(given === 'none' ? [] : [given])]);
  const isSilence = refused === 'none' && alsoRefused === 'none';
  const nobodyIsLeft = given === 'none' && (purchase === 'on-demand' || isSilence);
  const rest = Math.max(REST[refused] ?? 0, REST[alsoRefused] ?? 0, nobodyIsLeft ? 30 : 0);
  const alarms = [
    ...(ALARM[refused] === undefined ? [] : [`${ALARM[refused]} Code: said EC2`]),
    ...(ALARM[alsoRefused] === undefined ? [] : [`${ALARM[alsoRefused]} Other: said EC2`]),
  ];
  return `${known.size} known, set aside ${[...aside].sort().join(' ')}; rest ${rest} s; ${alarms.join(', ')}`;
};

/** What an answer of EC2 says about the pools that were asked, and when anybody is asked again. */
export const launchAnswers: DecisionTable = {
  name: 'what a launch teaches',
  promise: 'O2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
