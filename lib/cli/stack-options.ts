import { type Command, InvalidArgumentError, Option } from 'commander';
import { isRegionName } from '../signals/origin.ts';
import type { PriceService, StackChoice, TaskService } from '../wiring-cli.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { CliWorld } from './world.ts';

/** Which deployed service a command works on. */
export interface StackOptions {
  readonly stack?: string;
  readonly region?: string;
}

const regionName = (value: string): string => {
  if (!isRegionName(value)) throw new InvalidArgumentError('A region looks like eu-central-1.');
  return value;
};

export const withStackOptions = (command: Command): Command =>
  command
    .addOption(new Option('--stack <NAME>', 'the deployed stack (default: $SPOTHOP_STACK, else spothop-production)'))
    .addOption(
      new Option('--region <NAME>', "the stack's Region (default: the usual AWS settings)").argParser(regionName),
    );

export const STACK_HELP = `
Credentials and Region are found as every AWS tool finds them. For the local cloud, export what \`spothop local\` prints.`;

/** Runs a command on what it is connected to. What goes wrong on the way to AWS or there becomes one plain line. */
const onConnected = async <Service>(
  world: CliWorld,
  { stack, region }: StackOptions,
  connect: (choice: StackChoice) => Promise<Service>,
  run: (service: Service) => Promise<ExitCode>,
): Promise<ExitCode> => {
  const choice: StackChoice = { stack, region };
  try {
    return await run(await connect(choice));
  } catch (error) {
    const { troubleLine } = await import('./trouble-line.ts');
    const line = troubleLine(error);
    if (line === undefined) throw error;
    world.stderr(line);
    return EXIT.failedCheck;
  }
};

/** Runs a command on a deployed service. */
export const onService = (
  world: CliWorld,
  options: StackOptions,
  run: (service: TaskService) => Promise<ExitCode>,
): Promise<ExitCode> => onConnected(world, options, world.connect, run);

/** Runs a command on what a deployed service knows of prices. */
export const onPriceService = (
  world: CliWorld,
  options: StackOptions,
  run: (service: PriceService) => Promise<ExitCode>,
): Promise<ExitCode> => onConnected(world, options, world.connectPrices, run);
