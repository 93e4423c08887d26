/**
 * Products of the AWS price list, in its own shape, made from a catalogue of hourly prices.
 * Source: Price List Query API, GetProducts, service code AmazonEC2.
 *
 * Not modelled: any offer but On-Demand Linux with shared tenancy, any region but the local one, reserved terms.
 */
import { createHash } from 'node:crypto';
import { LOCAL_REGION } from '../service.ts';

/** On-demand price of an instance type, in millionths of a US dollar an hour. */
export type PriceCatalogue = Readonly<Record<string, number>>;

/** The price list names regions by place as well as by code. */
const LOCATION = 'US East (N. Virginia)';
const ON_DEMAND_TERM = 'JRTCKXETXF';
const HOURLY_RATE = '6YS6EN2CT7';

const skuOf = (instanceType: string): string =>
  createHash('sha256').update(instanceType).digest('hex').slice(0, 16).toUpperCase();

/** Ten decimals, as the price list writes them. Integer arithmetic: no price is rounded. */
export const dollars = (microUsd: number): string => {
  const whole = Math.floor(microUsd / 1_000_000);
  return `${whole}.${String(microUsd % 1_000_000).padStart(6, '0')}0000`;
};

export const attributesOf = (instanceType: string): Readonly<Record<string, string>> => ({
  servicecode: 'AmazonEC2',
  servicename: 'Amazon Elastic Compute Cloud',
  location: LOCATION,
  locationType: 'AWS Region',
  regionCode: LOCAL_REGION,
  instanceType,
  instanceFamily: 'General purpose',
  operatingSystem: 'Linux',
  tenancy: 'Shared',
  preInstalledSw: 'NA',
  capacitystatus: 'Used',
  licenseModel: 'No License required',
  marketoption: 'OnDemand',
  operation: 'RunInstances',
  usagetype: `BoxUsage:${instanceType}`,
});

const onDemandTerm = (sku: string, instanceType: string, microUsdPerHour: number, publishedAt: string) => {
  const usd = dollars(microUsdPerHour);
  const offer = `${sku}.${ON_DEMAND_TERM}`;
  const rate = `${offer}.${HOURLY_RATE}`;
  const dimension = {
    rateCode: rate,
    unit: 'Hrs',
    beginRange: '0',
    endRange: 'Inf',
    description: `$${usd} per On Demand Linux ${instanceType} Instance Hour`,
    appliesTo: [],
    pricePerUnit: { USD: usd },
  };
  const term = {
    sku,
    offerTermCode: ON_DEMAND_TERM,
    effectiveDate: publishedAt,
    termAttributes: {},
    priceDimensions: { [rate]: dimension },
  };
  return { [offer]: term };
};

/** One entry of `PriceList`: JSON text, as the API gives it. */
export const priceListEntry = (instanceType: string, microUsdPerHour: number, publishedAt: string): string => {
  const sku = skuOf(instanceType);
  return JSON.stringify({
    product: { productFamily: 'Compute Instance', attributes: attributesOf(instanceType), sku },
    serviceCode: 'AmazonEC2',
    terms: { OnDemand: onDemandTerm(sku, instanceType, microUsdPerHour, publishedAt) },
    version: '20261101000000',
    publicationDate: publishedAt,
  });
};
