import type { TaskStatus } from '../../fleet/task.ts';
import type { TaskService } from '../../wiring-cli.ts';
import { chosenFleetOrAll } from '../choose-fleet.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { StackOptions } from '../stack-options.ts';
import type { CliWorld } from '../world.ts';
import { firstTasks, renderTasks, STATUSES } from './list-tasks.ts';

export interface ListOptions extends StackOptions {
  readonly fleet?: string;
  readonly status?: TaskStatus;
  readonly limit: number;
  readonly json?: true;
}

/** `spothop tasks list`, once the service is found. @throws UnknownFleet */
export const listTasks = async (service: TaskService, options: ListOptions, world: CliWorld): Promise<ExitCode> => {
  const { status, limit, json } = options;
  const fleet = chosenFleetOrAll(service, options.fleet);
  const found = await firstTasks(service.listing, status === undefined ? STATUSES : [status], fleet, limit);
  const shown = found.slice(0, limit);
  if (json) world.stdout(shown.map((task) => `${JSON.stringify(task)}\n`).join(''));
  else world.stdout(shown.length === 0 ? 'No tasks.\n' : renderTasks(shown, service.clock.now(), world.colour));
  if (found.length > limit) world.stderr(`There are more than these ${limit}; --limit shows more.\n`);
  return EXIT.ok;
};
