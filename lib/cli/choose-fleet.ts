import { type FleetName, fleetName } from '../fleet/ids.ts';
import { type TaskService, UnknownFleet } from '../wiring-cli.ts';

/** The fleet that was named; a stack with one fleet need not name it. @throws UnknownFleet */
export const chooseFleet = ({ fleetNames }: Pick<TaskService, 'fleetNames'>, named: string | undefined): FleetName => {
  if (named === undefined && fleetNames.length === 1) return fleetNames[0]!;
  const found = fleetNames.find((name) => name === named);
  if (found === undefined) throw new UnknownFleet(named ?? 'was named, and more than one', fleetNames);
  return found;
};

/** A fleet to look for; all of them when none was named. @throws UnknownFleet */
export const chosenFleetOrAll = (service: TaskService, named: string | undefined): FleetName | undefined =>
  named === undefined ? undefined : chooseFleet(service, fleetName(named));
