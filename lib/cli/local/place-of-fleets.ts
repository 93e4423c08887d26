import type { FleetSpecification } from '../../config/fleet-specification.ts';
import { LOCAL_SECURITY_GROUP_ID, LOCAL_VPC_ID, type LocalNetwork, localNetwork } from '../../local/ec2/network.ts';
import { PRICED_TYPES, pricedType } from '../../market/example-types.ts';
import type { MarketType } from '../../market/settings.ts';

/** Where the fleets of a file can live: the local market's types and zones, and a network with the file's own ids. */
export interface PlaceOfFleets {
  readonly types: readonly MarketType[];
  readonly zones: readonly string[];
  readonly network: LocalNetwork;
}

export type PlaceResult =
  | { readonly ok: true; readonly place: PlaceOfFleets }
  | { readonly ok: false; readonly because: string; readonly fix: string };

const distinct = <Item>(items: readonly Item[]): readonly Item[] => [...new Set(items)];

const networkOf = (fleets: readonly FleetSpecification[], zones: readonly string[]): LocalNetwork => {
  const zoneBySubnet = new Map(
    fleets.flatMap(({ network }) => Object.entries(network.subnets).map(([zone, subnetId]) => [subnetId, zone])),
  );
  if (zoneBySubnet.size === 0) return localNetwork(zones);
  const groups = distinct(fleets.flatMap(({ network }) => network.securityGroups));
  return {
    vpcId: LOCAL_VPC_ID,
    securityGroupIds: groups.length > 0 ? groups : [LOCAL_SECURITY_GROUP_ID],
    subnets: [...zoneBySubnet].map(([subnetId, zone], index) => ({
      subnetId,
      zone,
      zoneId: `use1-az${zones.indexOf(zone) + 1}`,
      cidrBlock: `10.0.${index}.0/24`,
    })),
  };
};

/** `c5, c6a .large .xlarge; t3 .small`: families with the same sizes stand together, for a list that is read. */
const knownTypes = (): string => {
  const familiesBySizes = new Map<string, string[]>();
  for (const [family, types] of Map.groupBy(PRICED_TYPES, ({ instanceType }) => instanceType.split('.')[0]!)) {
    const sizes = types.map(({ instanceType }) => instanceType.slice(family.length)).join(' ');
    familiesBySizes.set(sizes, [...(familiesBySizes.get(sizes) ?? []), family]);
  }
  return [...familiesBySizes].map(([sizes, families]) => `${families.join(', ')} (${sizes})`).join('; ');
};

/** So that a fleet file deploys locally as it stands, the local cloud takes its types, zones, subnets and groups from it. */
export const placeOfFleets = (fleets: readonly FleetSpecification[]): PlaceResult => {
  const names = distinct(fleets.flatMap(({ instanceTypes }) => instanceTypes));
  const unpriced = names.filter((name) => pricedType(name) === undefined);
  if (unpriced.length > 0) {
    return {
      ok: false,
      because: `the local market knows no price of ${unpriced.join(', ')}`,
      fix: `name types of these: ${knownTypes()}`,
    };
  }
  const zones = distinct(fleets.flatMap((fleet) => fleet.zones)).toSorted();
  const types = names.map((name) => pricedType(name)!);
  return { ok: true, place: { types, zones, network: networkOf(fleets, zones) } };
};
