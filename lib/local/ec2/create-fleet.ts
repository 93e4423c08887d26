import type { Purchase } from '../../fleet/pool.ts';
import { poolName } from '../../market/market.ts';
import { AwsError, type Caller, type LocalResponse } from '../service.ts';
import { allocate, type Candidate } from './allocate.ts';
import { mergedTags } from './authorise.ts';
import { candidatesFor, type ResolvedConfiguration, resolveConfigurations } from './candidates.ts';
import { type FleetRequest, parseFleetRequest, requestFingerprint } from './fleet-request.ts';
import { fleetErrorItems, fleetInstanceItems } from './fleet-xml.ts';
import { type Query, refuseDryRun } from './query.ts';
import type { Ec2State, FleetGrant, FleetRecord, FleetRefusal } from './state.ts';
import { xmlAnswer } from './xml.ts';

const nextOrdinal = (state: Ec2State, candidate: Candidate, purchase: Purchase): number => {
  const pool = `${poolName(candidate)}/${purchase}`;
  const ordinal = (state.launchedByPool.get(pool) ?? 0) + 1;
  state.launchedByPool.set(pool, ordinal);
  return ordinal;
};

interface Launching {
  readonly state: Ec2State;
  readonly fleetId: string;
  readonly request: FleetRequest;
  readonly configurations: readonly ResolvedConfiguration[];
}

/** EC2 sets these itself; no request can. */
const systemTags = (fleetId: string, configuration: ResolvedConfiguration) => ({
  'aws:ec2:fleet-id': fleetId,
  'aws:ec2launchtemplate:id': configuration.template.id,
  'aws:ec2launchtemplate:version': String(configuration.version.version),
});

const launchOne = (
  { state, fleetId, request, configurations }: Launching,
  candidate: Candidate,
  purchase: Purchase,
): string => {
  const configuration = configurations[candidate.configurationIndex]!;
  const { specification } = configuration;
  const instanceId = state.identifiers.instance();
  state.launch({
    instanceId,
    fleetId,
    instanceType: candidate.instanceType,
    zone: candidate.zone,
    subnetId: candidate.subnetId,
    purchase,
    ordinal: nextOrdinal(state, candidate, purchase),
    microUsdPerHour: candidate.microUsdPerHour,
    launchedAt: state.clock.now(),
    imageId: specification.imageId,
    userData: specification.userData,
    securityGroupIds: specification.securityGroupIds,
    tags: { ...mergedTags('instance', specification, request), ...systemTags(fleetId, configuration) },
    ...(specification.instanceProfile === undefined ? {} : { instanceProfile: specification.instanceProfile }),
    ...(purchase === 'spot' ? { spotRequestId: state.identifiers.spotRequest() } : {}),
  });
  return instanceId;
};

const fulfil = (launching: Launching, caller: Caller, purchase: Purchase) => {
  const { state, request, configurations } = launching;
  const candidates = candidatesFor({ state, caller, request, purchase }, configurations);
  const strategy = purchase === 'spot' ? request.spotStrategy : request.onDemandStrategy;
  const { grants, refusals } = allocate(candidates, request.wanted[purchase], strategy);
  return {
    grants: grants.map(
      ({ candidate, count }): FleetGrant => ({
        candidate,
        purchase,
        instanceIds: Array.from({ length: count }, () => launchOne(launching, candidate, purchase)),
      }),
    ),
    refusals: refusals.map((refusal): FleetRefusal => ({ ...refusal, purchase })),
  };
};

const carryOut = (state: Ec2State, caller: Caller, request: FleetRequest, fingerprint: string): FleetRecord => {
  const launching = {
    state,
    fleetId: state.identifiers.fleet(),
    request,
    configurations: resolveConfigurations(state, request),
  };
  const createdAt = state.clock.now();
  const onDemand = fulfil(launching, caller, 'on-demand');
  const spot = fulfil(launching, caller, 'spot');
  return {
    fleetId: launching.fleetId,
    createdAt,
    request,
    fingerprint,
    tags: request.fleetTags,
    grants: [...onDemand.grants, ...spot.grants],
    refusals: [...onDemand.refusals, ...spot.refusals],
  };
};

/** The fleet that the same token brought before; the same token with other parameters is an error. */
const earlierFleet = (state: Ec2State, request: FleetRequest, fingerprint: string): FleetRecord | undefined => {
  const fleetId = request.clientToken && state.fleetIdByToken.get(request.clientToken);
  const earlier = fleetId ? state.fleets.get(fleetId) : undefined;
  if (earlier && earlier.fingerprint !== fingerprint) {
    throw new AwsError(
      400,
      'IdempotentParameterMismatch',
      `The client token ${request.clientToken} was already used with different parameters.`,
    );
  }
  return earlier;
};

const remember = (state: Ec2State, fleet: FleetRecord): FleetRecord => {
  state.fleets.set(fleet.fleetId, fleet);
  if (fleet.request.clientToken) state.fleetIdByToken.set(fleet.request.clientToken, fleet.fleetId);
  return fleet;
};

const refuseWhileClosing = (state: Ec2State): void => {
  if (!state.isClosing) return;
  throw new AwsError(503, 'Unavailable', 'The local cloud is closing and launches nothing more.');
};

export const createFleet = (state: Ec2State, query: Query, caller: Caller): LocalResponse => {
  const request = parseFleetRequest(query);
  refuseDryRun(query);
  refuseWhileClosing(state);
  const fingerprint = requestFingerprint(query);
  const fleet =
    earlierFleet(state, request, fingerprint) ?? remember(state, carryOut(state, caller, request, fingerprint));
  const instanceIds = fleet.grants.flatMap((grant) => grant.instanceIds);
  const answer = {
    fleetId: fleet.fleetId,
    errorSet: fleetErrorItems(state, fleet),
    fleetInstanceSet: fleetInstanceItems(state, fleet),
  };
  return xmlAnswer('CreateFleet', state.identifiers.request(), answer, {
    fleetId: fleet.fleetId,
    instanceIds,
    errorCodes: [...new Set(fleet.refusals.map(({ refusal }) => refusal.code))],
  });
};
