import type { TaskService } from '../../wiring-cli.ts';
import { chosenFleetOrAll } from '../choose-fleet.ts';
import { hasConsent } from '../consent.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { StackOptions } from '../stack-options.ts';
import type { CliWorld } from '../world.ts';
import { allDead, type OperateOptions, operate, RETRY } from './operate.ts';

export interface RetryOptions extends OperateOptions, StackOptions {
  readonly allDead?: true;
  readonly fleet?: string;
  readonly yes?: true;
}

/** `spothop tasks retry`, once the service is found. @throws UnknownFleet */
export const retryTasks = async (
  service: TaskService,
  named: readonly string[],
  options: RetryOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  if (!options.allDead) return operate(RETRY, service, named, options, world);
  const ids = await allDead(service, chosenFleetOrAll(service, options.fleet));
  if (ids.length === 0) world.stderr('There is no dead task.\n');
  const isAgreed =
    ids.length === 0 ||
    (await hasConsent(
      world,
      `Retry ${ids.length} dead ${ids.length === 1 ? 'task' : 'tasks'}?`,
      Boolean(options.yes ?? options.dryRun),
    ));
  if (isAgreed) return operate(RETRY, service, ids, options, world);
  world.stderr('Nothing was done.\n');
  return EXIT.failedCheck;
};
