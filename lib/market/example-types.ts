import type { MarketType } from './settings.ts';

/** A family's price for its `large` size; the others follow in proportion, as AWS prices them. */
interface Family {
  readonly name: string;
  readonly largeMicroUsdPerHour: number;
  readonly spotDiscount: number;
}

/**
 * On-demand prices of Linux in us-east-1 as AWS publishes them (https://aws.amazon.com/ec2/pricing/on-demand/); discounts
 * near the median that AWS's Spot Advisor shows.
 */
const FAMILIES: readonly Family[] = [
  { name: 'c5', largeMicroUsdPerHour: 85_000, spotDiscount: 0.6 },
  { name: 'c6a', largeMicroUsdPerHour: 76_500, spotDiscount: 0.6 },
  { name: 'c6g', largeMicroUsdPerHour: 68_000, spotDiscount: 0.6 },
  { name: 'c6i', largeMicroUsdPerHour: 85_000, spotDiscount: 0.63 },
  { name: 'c7g', largeMicroUsdPerHour: 72_500, spotDiscount: 0.57 },
  { name: 'c7i', largeMicroUsdPerHour: 89_250, spotDiscount: 0.6 },
  { name: 'm5', largeMicroUsdPerHour: 96_000, spotDiscount: 0.65 },
  { name: 'm6a', largeMicroUsdPerHour: 86_400, spotDiscount: 0.63 },
  { name: 'm6g', largeMicroUsdPerHour: 77_000, spotDiscount: 0.6 },
  { name: 'm6i', largeMicroUsdPerHour: 96_000, spotDiscount: 0.66 },
  { name: 'm7g', largeMicroUsdPerHour: 81_600, spotDiscount: 0.58 },
  { name: 'm7i', largeMicroUsdPerHour: 100_800, spotDiscount: 0.6 },
  { name: 'r5', largeMicroUsdPerHour: 126_000, spotDiscount: 0.65 },
  { name: 'r6g', largeMicroUsdPerHour: 100_800, spotDiscount: 0.6 },
  { name: 'r6i', largeMicroUsdPerHour: 126_000, spotDiscount: 0.65 },
  { name: 'r7g', largeMicroUsdPerHour: 107_100, spotDiscount: 0.58 },
];

/** Multiples of `large`, and how many vCPU each of these families' sizes has. */
const SIZES = [
  { size: 'large', multiple: 1, vcpu: 2 },
  { size: 'xlarge', multiple: 2, vcpu: 4 },
  { size: '2xlarge', multiple: 4, vcpu: 8 },
  { size: '4xlarge', multiple: 8, vcpu: 16 },
] as const;

const BURSTABLE: readonly MarketType[] = [
  { instanceType: 't3.small', vcpu: 2, onDemandMicroUsdPerHour: 20_800, spotDiscount: 0.65 },
  { instanceType: 't3.medium', vcpu: 2, onDemandMicroUsdPerHour: 41_600, spotDiscount: 0.65 },
  { instanceType: 't3.large', vcpu: 2, onDemandMicroUsdPerHour: 83_200, spotDiscount: 0.65 },
  { instanceType: 't3a.small', vcpu: 2, onDemandMicroUsdPerHour: 18_800, spotDiscount: 0.68 },
  { instanceType: 't3a.medium', vcpu: 2, onDemandMicroUsdPerHour: 37_600, spotDiscount: 0.68 },
  { instanceType: 't3a.large', vcpu: 2, onDemandMicroUsdPerHour: 75_200, spotDiscount: 0.68 },
  { instanceType: 't4g.small', vcpu: 2, onDemandMicroUsdPerHour: 16_800, spotDiscount: 0.62 },
  { instanceType: 't4g.medium', vcpu: 2, onDemandMicroUsdPerHour: 33_600, spotDiscount: 0.62 },
  { instanceType: 't4g.large', vcpu: 2, onDemandMicroUsdPerHour: 67_200, spotDiscount: 0.62 },
];

const sizesOf = ({ name, largeMicroUsdPerHour, spotDiscount }: Family): readonly MarketType[] =>
  SIZES.map(({ size, multiple, vcpu }) => ({
    instanceType: `${name}.${size}`,
    vcpu,
    onDemandMicroUsdPerHour: largeMicroUsdPerHour * multiple,
    spotDiscount,
  }));

/** Every instance type whose price is known here. */
export const PRICED_TYPES: readonly MarketType[] = [...FAMILIES.flatMap(sizesOf), ...BURSTABLE];

export const pricedType = (instanceType: string): MarketType | undefined =>
  PRICED_TYPES.find((type) => type.instanceType === instanceType);
