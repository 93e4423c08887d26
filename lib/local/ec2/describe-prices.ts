import { epochMs } from '../../fleet/time.ts';
import type { MarketPool } from '../../market/market.ts';
import { AwsError } from '../service.ts';
import { describing } from './describing.ts';
import { pageOf } from './paging.ts';
import type { Query } from './query.ts';
import type { Ec2State } from './state.ts';
import { xmlAnswer, xmlTime } from './xml.ts';

const instantOf = (query: Query, name: string, whenAbsent: number): number => {
  const text = query.text(name);
  if (text === undefined) return whenAbsent;
  const instant = Date.parse(text);
  if (Number.isNaN(instant))
    throw new AwsError(400, 'InvalidParameterValue', `Value (${text}) for parameter ${name} is invalid.`);
  return instant;
};

const PRODUCTS = ['Linux/UNIX', 'Linux/UNIX (Amazon VPC)'];

const wantsLinux = (query: Query): boolean => {
  const products = query.texts('ProductDescription');
  return products.length === 0 || products.some((product) => PRODUCTS.includes(product));
};

/** The parameter names one zone, the filter of the same meaning several. */
const wantedZones = (query: Query): readonly string[] => {
  const named = query.text('AvailabilityZone');
  const filtered = query.items('Filter').flatMap((filter) => {
    if (filter.required('Name') === 'availability-zone') return filter.texts('Value');
    throw new AwsError(400, 'UnsupportedOperation', 'The local cloud filters prices by availability-zone only.');
  });
  return named === undefined ? filtered : [named, ...filtered];
};

const wantedPools = (state: Ec2State, query: Query): readonly MarketPool[] => {
  if (!wantsLinux(query)) return [];
  const types = query.texts('InstanceType');
  const zones = wantedZones(query);
  return state.market.pools.filter(
    (pool) =>
      (types.length === 0 || types.includes(pool.instanceType)) && (zones.length === 0 || zones.includes(pool.zone)),
  );
};

/** AWS keeps 90 days (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html). */
const PRICE_HISTORY_MS = 90 * 24 * 3_600_000;

/** Price changes between start and end, newest first, with the last change before the start: the price then in force. */
export const describeSpotPriceHistory = describing(
  [
    'StartTime',
    'EndTime',
    'InstanceType.N',
    'ProductDescription.N',
    'AvailabilityZone',
    'Filter.N.Name',
    'Filter.N.Value.N',
    'MaxResults',
    'NextToken',
  ],
  (state, query) => {
    const now = state.clock.now();
    const until = epochMs(Math.min(now, instantOf(query, 'EndTime', now)));
    const from = epochMs(Math.max(now - PRICE_HISTORY_MS, Math.min(until, instantOf(query, 'StartTime', now))));
    const pools = wantedPools(state, query);
    const changes = pools
      .flatMap((pool) => state.market.priceChanges(pool, from, until).map((change) => ({ ...pool, ...change })))
      .sort((one, other) => other.at - one.at);
    const page = pageOf(query, changes, (change) => `${change.instanceType}/${change.zone}/${change.at}`);
    return xmlAnswer('DescribeSpotPriceHistory', state.identifiers.request(), {
      spotPriceHistorySet: page.items.map((change) => ({
        instanceType: change.instanceType,
        productDescription: 'Linux/UNIX',
        spotPrice: (change.microUsdPerHour / 1_000_000).toFixed(6),
        timestamp: xmlTime(change.at),
        availabilityZone: change.zone,
      })),
      nextToken: page.nextToken,
    });
  },
);
