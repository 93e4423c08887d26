import type { FleetSpecification } from '../../config/fleet-specification.ts';
import type { WholeCloud } from '../../local/whole-cloud.ts';
import { LOCAL_STACK, taskCommands } from './guide.ts';

const FLEET_RESOURCES = 'FleetResources';

/** The task that comes with the project, whose body is therefore known. */
const EXAMPLE_TASK = /(^|\/)examples\/index-sources\/task\.ts$/;
const EXAMPLE_BODY = '{"files":["package.json"]}';

/** The environment that was printed names one stack; any other has to be named. */
const stackOption = (stack: string): string => (stack === LOCAL_STACK ? '' : ` --stack ${stack}`);

const isExample = ({ worker: { program } }: FleetSpecification): boolean =>
  program.kind === 'task' && EXAMPLE_TASK.test(program.path);

/** Where another system's program is kept running there is nothing to submit. */
const howToSubmit = (stack: string, fleets: readonly FleetSpecification[]): readonly string[] => {
  const takers = fleets.filter(({ worker }) => worker.program.kind !== 'supervise');
  const example = takers.find(isExample);
  const fleet = example ?? takers[0];
  if (fleet === undefined) return [];
  const commands = taskCommands(fleet.name, example === undefined ? '{…}' : EXAMPLE_BODY);
  return [
    '           send a task, and see what becomes of it:',
    ...commands.map((command) => `           ${command}${stackOption(stack)}`),
  ];
};

/** Calls name a stack by its name or by its ARN, `…:stack/NAME/ID`. */
const nameOf = (stack: string): string => (stack.startsWith('arn:') ? (stack.split('/')[1] ?? stack) : stack);

/** Says once for each stack with fleets, when it is there, how to send them work. */
export const stackAnnouncer = (
  cloud: Pick<WholeCloud, 'stackOutputs'>,
  fleets: readonly FleetSpecification[],
): ((stack: string) => readonly string[]) => {
  const announced = new Set<string>();
  return (nameOrArn) => {
    const stack = nameOf(nameOrArn);
    const resources = announced.has(stack) ? undefined : cloud.stackOutputs(stack)?.[FLEET_RESOURCES];
    if (resources === undefined) return [];
    announced.add(stack);
    const names = Object.keys(JSON.parse(resources) as object);
    const deployed = fleets.filter(({ name }) => names.includes(name));
    return [`deployed   ${stack}: ${names.join(', ')}`, ...howToSubmit(stack, deployed)];
  };
};
