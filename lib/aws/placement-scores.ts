import { DescribeAvailabilityZonesCommand, type EC2Client, paginateGetSpotPlacementScores } from '@aws-sdk/client-ec2';
import type { PlacementScores } from '../ports/placement.ts';

export interface PlacementSource {
  readonly client: EC2Client;
  readonly region: string;
}

/** Scores name zones by id, because names differ from account to account; subnets and machines by name. */
const readZoneNames = async (client: EC2Client): Promise<ReadonlyMap<string, string>> => {
  const { AvailabilityZones: zones = [] } = await client.send(new DescribeAvailabilityZonesCommand({}));
  return new Map(zones.flatMap(({ ZoneId: id, ZoneName: name }) => (id && name ? [[id, name] as const] : [])));
};

/**
 * GetSpotPlacementScores, zone by zone. AWS may limit how many different requests an account makes in a day, not how often
 * it repeats one (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-placement-score.html): ask with figures that
 * stay the same.
 */
export const ec2PlacementScores = ({ client, region }: PlacementSource): PlacementScores => {
  let zoneNames: ReadonlyMap<string, string> | undefined;
  return {
    byZone: async (instanceTypes, machines) => {
      zoneNames ??= await readZoneNames(client);
      const scores = new Map<string, number>();
      const pages = paginateGetSpotPlacementScores(
        { client },
        {
          InstanceTypes: [...instanceTypes],
          TargetCapacity: machines,
          SingleAvailabilityZone: true,
          RegionNames: [region],
        },
      );
      for await (const page of pages) {
        for (const { AvailabilityZoneId: id = '', Score: score } of page.SpotPlacementScores ?? []) {
          const zone = zoneNames.get(id);
          if (zone !== undefined && score !== undefined) scores.set(zone, score);
        }
      }
      return scores;
    },
  };
};
