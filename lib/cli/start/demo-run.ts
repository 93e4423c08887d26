import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { WholeCloud } from '../../local/whole-cloud.ts';
import type { DeployedService } from '../../wiring-cli.ts';
import { inParallel } from '../../workflows/in-parallel.ts';
import type { StartOptions } from './options.ts';
import type { RunTally } from './run-tally.ts';
import type { Screen } from './screen.ts';
import type { Work } from './work.ts';

/** What a run is given by whoever started it. */
export interface DemoWorld {
  readonly projectFolder: string;
  readonly environment: Record<string, string | undefined>;
  readonly screen: Screen;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** One run, from the moment its service is deployed. */
export interface Run {
  readonly options: StartOptions;
  readonly world: DemoWorld;
  readonly folder: string;
  readonly recordFile: string;
  readonly cloud: WholeCloud;
  readonly service: DeployedService;
  readonly startedAt: EpochMs;
  readonly wallStartedAt: number;
  readonly work: Work;
  readonly tally: RunTally;
  /** Takes in what the record holds by now. */
  readonly look: () => void;
}

/** Ctrl-C: not a failure of anything, and not a success either. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

export const assertNotInterrupted = ({ signal }: DemoWorld): void => {
  if (signal.aborted) throw new Interrupted();
};

const ROWS_AT_ONCE = 16;

/** The batch's rows as the ledger has them; one that is missing is missing here too. */
export const readRows = async ({ service, work }: Run): Promise<readonly TaskRecord[]> => {
  const results = await inParallel(work.tasks, ROWS_AT_ONCE, (task) => service.tasks.get(task.taskId));
  return results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
};
