import {
  type _InstanceType,
  type EC2Client,
  paginateDescribeSpotPriceHistory,
  type SpotPrice,
} from '@aws-sdk/client-ec2';
import { type Filter, type PricingClient, paginateGetProducts } from '@aws-sdk/client-pricing';
import type { PricePoint } from '../fleet/run.ts';
import { type EpochMs, epochMs } from '../fleet/time.ts';
import { parsePriceMicros } from '../money/micros.ts';
import { spotSeriesKey } from '../money/price-series.ts';
import type { Prices } from '../ports/money.ts';

/** The Price List API has endpoints in few Regions; the prices are those of the Region asked about. */
export const PRICE_LIST_REGION = 'us-east-1';

export interface PriceSources {
  readonly ec2: EC2Client;
  /**
   * A client of the Price List API, which has endpoints in a few Regions only, us-east-1 among them
   * (https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html).
   */
  readonly pricing: PricingClient;
  /** The Region whose machines are priced. */
  readonly region: string;
}

/** Linux without a licence by the hour; other products follow other rules (reliability B28). */
const SPOT_PRODUCT = 'Linux/UNIX';

type Series = Map<string, readonly PricePoint[]>;

/** A price that cannot be read is left out: the machines it is for are then reported as unknown. */
const addPoint = (series: Map<string, PricePoint[]>, price: SpotPrice): void => {
  const { InstanceType: instanceType, AvailabilityZone: zone, Timestamp: at, SpotPrice: text } = price;
  const microUsdPerHour = parsePriceMicros(text ?? '');
  if (!instanceType || !zone || !at || microUsdPerHour === undefined) return;
  const key = spotSeriesKey({ instanceType, zone });
  const points = series.get(key) ?? [];
  points.push({ at: epochMs(at.getTime()), microUsdPerHour });
  series.set(key, points);
};

/** EC2 answers newest first, and adds the last change before the start with a time of its own. */
const readSpotHistory = async (
  { ec2 }: PriceSources,
  instanceTypes: readonly string[],
  zones: readonly string[],
  from: EpochMs,
  to: EpochMs,
): Promise<Series> => {
  const series = new Map<string, PricePoint[]>();
  const pages = paginateDescribeSpotPriceHistory(
    { client: ec2 },
    {
      InstanceTypes: [...instanceTypes] as _InstanceType[],
      Filters: [{ Name: 'availability-zone', Values: [...zones] }],
      ProductDescriptions: [SPOT_PRODUCT],
      StartTime: new Date(from),
      EndTime: new Date(to),
    },
  );
  for await (const page of pages) {
    for (const price of page.SpotPriceHistory ?? []) addPoint(series, price);
  }
  for (const points of series.values()) points.sort((left, right) => left.at - right.at);
  return series;
};

const termMatch = (Field: string, Value: string): Filter => ({ Type: 'TERM_MATCH', Field, Value });

/** Together they leave one product: a shared Linux machine without preinstalled software, bought by use. */
const productFilters = (region: string, instanceType: string): Filter[] => [
  termMatch('instanceType', instanceType),
  termMatch('regionCode', region),
  termMatch('operatingSystem', 'Linux'),
  termMatch('preInstalledSw', 'NA'),
  termMatch('tenancy', 'Shared'),
  termMatch('capacitystatus', 'Used'),
];

/** As much of a product in the price list as is read. */
interface Product {
  readonly terms?: {
    readonly OnDemand?: Readonly<
      Record<
        string,
        {
          readonly priceDimensions?: Readonly<
            Record<string, { readonly unit?: string; readonly pricePerUnit?: { readonly USD?: string } }>
          >;
        }
      >
    >;
  };
}

const hourlyPrices = (document: unknown): readonly number[] => {
  const product = JSON.parse(String(document)) as Product;
  const dimensions = Object.values(product.terms?.OnDemand ?? {}).flatMap((term) =>
    Object.values(term.priceDimensions ?? {}),
  );
  return dimensions
    .filter((dimension) => dimension.unit === 'Hrs')
    .flatMap((dimension) => parsePriceMicros(dimension.pricePerUnit?.USD ?? '') ?? []);
};

/** Two different prices for one machine are no price: nobody here can tell which of them is charged. */
const readOnDemandPrice = async (sources: PriceSources, instanceType: string): Promise<number | undefined> => {
  const found = new Set<number>();
  const pages = paginateGetProducts(
    { client: sources.pricing },
    { ServiceCode: 'AmazonEC2', Filters: productFilters(sources.region, instanceType) },
  );
  for await (const page of pages) {
    for (const price of (page.PriceList ?? []).flatMap(hourlyPrices)) found.add(price);
  }
  return found.size === 1 ? [...found][0] : undefined;
};

/** A price that was found is remembered; a type without one is asked for again. */
const onDemandPrices = async (
  sources: PriceSources,
  remembered: Map<string, number>,
  instanceTypes: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const prices = new Map<string, number>();
  // One after the other: the Price List API allows few requests a second, and a report is in no hurry.
  for (const instanceType of new Set(instanceTypes)) {
    const price = remembered.get(instanceType) ?? (await readOnDemandPrice(sources, instanceType));
    if (price === undefined) continue;
    remembered.set(instanceType, price);
    prices.set(instanceType, price);
  }
  return prices;
};

/** EC2's spot price history, and the price list, which is read once for each type in the life of this object. */
export const awsPrices = (sources: PriceSources): Prices => {
  const remembered = new Map<string, number>();
  return {
    spotHistory: (instanceTypes, zones, from, to) => readSpotHistory(sources, instanceTypes, zones, from, to),
    onDemand: (instanceTypes) => onDemandPrices(sources, remembered, instanceTypes),
  };
};
