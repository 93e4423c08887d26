import type { Intent } from '../../fleet/fleet.ts';
import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName } from '../../fleet/ids.ts';
import { poolKey } from '../../fleet/pool.ts';
import type { LaunchRequest } from '../../ports/machines.ts';
import { type Neglect, neglect } from './neglect.ts';

/** The words of a launch as its intent keeps them, to be repeated if need be. */
export interface StoredRequest {
  /** Of whoever wrote it. */
  readonly fleet: FleetName;
  readonly request: LaunchRequest;
}

/** As it is sent, however often. */
export const serialisedRequestOf = (intent: Intent): { readonly fleet: FleetName; readonly request: string } =>
  JSON.parse(intent.request) as { readonly fleet: FleetName; readonly request: string };

export const storedRequestOf = (intent: Intent): StoredRequest => {
  const { fleet, request } = serialisedRequestOf(intent);
  return { fleet, request: JSON.parse(request) as LaunchRequest };
};

const placesOf = ({ capacity }: FleetSettings): ReadonlyMap<string, string> =>
  new Map(capacity.places.map(({ instanceType, zone, subnetId }) => [`${instanceType}/${zone}`, subnetId]));

/** N4: it asks for what the intent says. */
const otherThanIntended = (intent: Intent, { count, token }: LaunchRequest): Neglect[] => [
  ...(count === intent.count ? [] : [neglect('N4', `an intent of ${intent.count} asks for ${count}`)]),
  ...(token === intent.intentId ? [] : [neglect('N4', `intent ${intent.intentId} asks under token ${token}`)]),
];

/** M1: it asks for what this fleet's part of the fleet file gives it. */
const otherThanAllowed = (settings: FleetSettings, { purchase }: Intent, stored: StoredRequest): Neglect[] => {
  const { fleet, launchTemplateId, launchTemplateVersion, pools } = stored.request;
  const subnets = placesOf(settings);
  const isOfFile = ({ pool, subnetId }: LaunchRequest['pools'][number]): boolean =>
    pool.purchase === purchase && subnets.get(`${pool.instanceType}/${pool.zone}`) === subnetId;
  const stranger = pools.find((place) => !isOfFile(place));
  const others = [stored.fleet, fleet].filter((one) => one !== settings.fleet);
  const isOfTemplate =
    launchTemplateId === settings.launchTemplateId && launchTemplateVersion === settings.launchTemplateVersion;
  return [
    ...others.map((other) => neglect('M1', `${settings.fleet} asks in the name of ${other}`)),
    ...(isOfTemplate ? [] : [neglect('M1', `launched from template ${launchTemplateId} ${launchTemplateVersion}`)]),
    ...(stranger === undefined
      ? []
      : [neglect('M1', `${poolKey(stranger.pool)} in ${stranger.subnetId}, which the fleet file does not name`)]),
  ];
};

export const judgeRequest = (settings: FleetSettings, intent: Intent, stored: StoredRequest): readonly Neglect[] => [
  ...otherThanIntended(intent, stored.request),
  ...otherThanAllowed(settings, intent, stored),
];
