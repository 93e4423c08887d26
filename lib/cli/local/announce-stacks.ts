import type { WholeCloud } from '../../local/whole-cloud.ts';
import { LOCAL_STACK, taskCommands } from './guide.ts';

const FLEET_RESOURCES = 'FleetResources';

/** The environment that was printed names one stack; any other has to be named. */
const stackOption = (stack: string): string => (stack === LOCAL_STACK ? '' : ` --stack ${stack}`);

const fleetLines = (stack: string, fleetResources: string): readonly string[] =>
  Object.keys(JSON.parse(fleetResources) as object).flatMap((fleet) => [
    `deployed   ${stack}, fleet ${fleet}; send it a task (this body is for examples/index-sources):`,
    ...taskCommands(fleet).map((command) => `           ${command}${stackOption(stack)}`),
  ]);

/** Calls name a stack by its name or by its ARN, `…:stack/NAME/ID`. */
const nameOf = (stack: string): string => (stack.startsWith('arn:') ? (stack.split('/')[1] ?? stack) : stack);

/** Says once for each stack with fleets, when it is there, how to send them work. */
export const stackAnnouncer = (cloud: WholeCloud): ((stack: string) => readonly string[]) => {
  const announced = new Set<string>();
  return (nameOrArn) => {
    const stack = nameOf(nameOrArn);
    const fleetResources = announced.has(stack) ? undefined : cloud.stackOutputs(stack)?.[FLEET_RESOURCES];
    if (fleetResources === undefined) return [];
    announced.add(stack);
    return fleetLines(stack, fleetResources);
  };
};
