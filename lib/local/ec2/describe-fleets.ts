import { describing, notFound } from './describing.ts';
import { fleetErrorItems, fleetInstanceItems } from './fleet-xml.ts';
import { pageOf } from './paging.ts';
import type { Ec2State, FleetRecord } from './state.ts';
import { tagItems, type XmlValue, xmlAnswer, xmlTime } from './xml.ts';

const fulfilled = (fleet: FleetRecord, purchase?: string): number =>
  fleet.grants
    .filter((grant) => purchase === undefined || grant.purchase === purchase)
    .reduce((sum, grant) => sum + grant.instanceIds.length, 0);

/** An instant fleet stays active after its machines are gone. */
const fleetItem = (state: Ec2State, fleet: FleetRecord): XmlValue => ({
  activityStatus: fulfilled(fleet) >= fleet.request.total ? 'fulfilled' : 'pending_fulfillment',
  createTime: xmlTime(fleet.createdAt),
  fleetId: fleet.fleetId,
  fleetState: 'active',
  clientToken: fleet.request.clientToken,
  fulfilledCapacity: fulfilled(fleet),
  fulfilledOnDemandCapacity: fulfilled(fleet, 'on-demand'),
  targetCapacitySpecification: {
    totalTargetCapacity: fleet.request.total,
    onDemandTargetCapacity: fleet.request.wanted['on-demand'],
    spotTargetCapacity: fleet.request.wanted.spot,
  },
  type: 'instant',
  tagSet: tagItems(fleet.tags),
  errorSet: fleetErrorItems(state, fleet),
  fleetInstanceSet: fleetInstanceItems(state, fleet),
});

/** Instant fleets show only when they are asked for by id. */
export const describeFleets = describing(['FleetId.N', 'MaxResults', 'NextToken'], (state, query) => {
  const fleets = query.texts('FleetId').map((fleetId) => {
    const fleet = state.fleets.get(fleetId);
    if (!fleet) throw notFound('InvalidFleetId.NotFound', 'fleet ID', fleetId);
    return fleet;
  });
  const page = pageOf(query, fleets, (fleet) => fleet.fleetId);
  return xmlAnswer('DescribeFleets', state.identifiers.request(), {
    nextToken: page.nextToken,
    fleetSet: page.items.map((fleet) => fleetItem(state, fleet)),
  });
});
