import { OVERRIDES_MAX } from '../fleet/limits.ts';
import { INSTANCE_TYPES_ADVISED, ZONES_ADVISED } from './bounds.ts';
import { architectureFor, regionOf } from './build-specification.ts';
import { architectureOf } from './instance-type.ts';
import { errorAt, type Finding, warningAt } from './problem.ts';
import { isList, knownIn, type Rule, repeatedIn } from './rule.ts';

const enoughTypes: Rule = ({ instanceTypes }) =>
  instanceTypes === undefined || instanceTypes.length >= INSTANCE_TYPES_ADVISED
    ? []
    : [
        warningAt(
          ['instanceTypes'],
          `names ${instanceTypes.length}; the fewer there are, the more machines are taken at once`,
          `name at least ${INSTANCE_TYPES_ADVISED} of about the same size`,
        ),
      ];

const enoughZones: Rule = ({ zones, allowSingleZone }) =>
  zones === undefined || zones.length >= ZONES_ADVISED || allowSingleZone !== false
    ? []
    : [
        errorAt(
          ['zones'],
          `names ${zones.length}; when that zone has no spot, nothing replaces a machine that is taken`,
          `name at least ${ZONES_ADVISED}, or write allowSingleZone: true`,
        ),
      ];

const poolsFitOneRequest: Rule = ({ instanceTypes, zones }) => {
  const pools = (instanceTypes?.length ?? 0) * (zones?.length ?? 0);
  const reason = `makes ${pools} pools with ${zones?.length} zones; EC2 takes at most ${OVERRIDES_MAX} in one request`;
  return pools <= OVERRIDES_MAX ? [] : [errorAt(['instanceTypes'], reason, 'name fewer types')];
};

const oneRegion: Rule = ({ zones }) => {
  const region = regionOf(knownIn(zones)[0] ?? '');
  const other = (zones ?? []).findIndex((zone) => zone !== undefined && regionOf(zone) !== region);
  if (other < 0) return [];
  return [
    errorAt(['zones', other], `is not in ${region}, where the zones before it are`, 'make a fleet for each Region'),
  ];
};

const nothingTwice: Rule = ({ instanceTypes, zones, network }) => [
  ...repeatedIn(['instanceTypes'], instanceTypes),
  ...repeatedIn(['zones'], zones),
  ...repeatedIn(['network', 'securityGroups'], network?.securityGroups),
  ...(isList(network?.subnets) ? repeatedIn(['network', 'subnets'], network.subnets) : []),
];

const networkIsKnown: Rule = ({ mode }, isWritten) =>
  mode === 'manage' && !isWritten('network')
    ? [
        errorAt(
          ['network'],
          'is missing; machines are launched into it',
          'write network: with subnets and securityGroups',
        ),
      ]
    : [];

const listedSubnets = (count: number, zoneCount: number): readonly Finding[] =>
  count === zoneCount
    ? []
    : [
        errorAt(
          ['network', 'subnets'],
          `lists ${count} for ${zoneCount} zones`,
          'list one subnet for each zone, in the same order',
        ),
      ];

const namedSubnets = (named: readonly string[], zones: readonly string[]): readonly Finding[] => [
  ...zones
    .filter((zone) => !named.includes(zone))
    .map((zone) => errorAt(['network', 'subnets'], `has none for ${zone}`, `write ${zone}: and the id of its subnet`)),
  ...named
    .filter((zone) => !zones.includes(zone))
    .map((zone) =>
      errorAt(['network', 'subnets', zone], 'is not one of the zones', 'add it to zones, or remove it here'),
    ),
];

const subnetPerZone: Rule = ({ zones, network }) => {
  const subnets = network?.subnets;
  if (!zones?.length || subnets === undefined) return [];
  if (isList(subnets)) return listedSubnets(subnets.length, zones.length);
  return zones.includes(undefined) ? [] : namedSubnets(Object.keys(subnets), knownIn(zones));
};

const oneArchitecture: Rule = ({ architecture, instanceTypes }) => {
  const wanted = architectureFor(architecture, knownIn(instanceTypes));
  return (instanceTypes ?? []).flatMap((type, index) => {
    const found = type && architectureOf(type);
    if (!found || found === wanted) return [];
    const because = architecture === undefined ? 'the types before it are' : 'architecture says';
    return [
      errorAt(
        ['instanceTypes', index],
        `${type} is ${found}, not ${wanted} as ${because}`,
        'name types of one architecture',
      ),
    ];
  });
};

const imageFits: Rule = ({ image, architecture, instanceTypes }) => {
  const wanted = architectureFor(architecture, knownIn(instanceTypes));
  const other = wanted === 'arm64' ? 'x86_64' : 'arm64';
  return image?.endsWith(`-${other}`)
    ? [errorAt(['image'], `is for ${other}; the machines are ${wanted}`, `name the image that ends in -${wanted}`)]
    : [];
};

export const placementRules: readonly Rule[] = [
  enoughTypes,
  enoughZones,
  poolsFitOneRequest,
  oneRegion,
  nothingTwice,
  networkIsKnown,
  subnetPerZone,
  oneArchitecture,
  imageFits,
];
