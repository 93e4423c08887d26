import { AwsError, LOCAL_REGION } from '../service.ts';
import { describing } from './describing.ts';
import type { LocalSubnet } from './network.ts';
import { type Query, wholeNumber } from './query.ts';
import { type Ec2State, freeSpot } from './state.ts';
import { xmlAnswer } from './xml.ts';

const SCORE_MAX = 10;

/** AWS: with fewer different types than this the score is always low. */
const TYPES_ADVISED = 3;
const SCORE_OF_FEW_TYPES = 1;

/**
 * AWS does not publish how it scores. Here: the share of the wanted machines that the zone could take at this moment, in tenths.
 * It says nothing of how long they stay, as AWS's says nothing of it.
 */
const scoreOf = (state: Ec2State, zone: string, types: readonly string[], wanted: number): number => {
  if (new Set(types).size < TYPES_ADVISED) return SCORE_OF_FEW_TYPES;
  const pools = state.market.pools.filter((pool) => pool.zone === zone && types.includes(pool.instanceType));
  const free = pools.reduce((sum, pool) => sum + freeSpot(state, pool), 0);
  return Math.max(1, Math.min(SCORE_MAX, Math.floor((SCORE_MAX * free) / wanted)));
};

const isOfRegion = (query: Query): boolean => {
  const regions = query.texts('RegionName');
  return regions.length === 0 || regions.includes(LOCAL_REGION);
};

/** Scores by zone; by Region they are not modelled, because there is one. */
export const getSpotPlacementScores = describing(
  ['InstanceType.N', 'TargetCapacity', 'SingleAvailabilityZone', 'RegionName.N', 'MaxResults', 'NextToken'],
  (state, query) => {
    if (query.text('SingleAvailabilityZone') !== 'true') {
      throw new AwsError(400, 'UnsupportedOperation', 'The local cloud scores zones: set SingleAvailabilityZone.');
    }
    const wanted = wholeNumber(query, 'TargetCapacity', 0);
    if (wanted < 1) throw new AwsError(400, 'InvalidParameterValue', 'TargetCapacity must be at least 1.');
    const types = query.texts('InstanceType');
    const zones: readonly LocalSubnet[] = isOfRegion(query) ? state.network.subnets : [];
    return xmlAnswer('GetSpotPlacementScores', state.identifiers.request(), {
      spotPlacementScoreSet: zones.map(({ zone, zoneId }) => ({
        region: LOCAL_REGION,
        availabilityZoneId: zoneId,
        score: scoreOf(state, zone, types, wanted),
      })),
      nextToken: '',
    });
  },
);
