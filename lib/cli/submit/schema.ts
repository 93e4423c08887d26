import { resolve } from 'node:path';
import { readFleetFile } from '../../config/fleet-file.ts';
import type { WorkerProgram } from '../../config/fleet-specification.ts';
import type { FleetName } from '../../fleet/ids.ts';
import type { Tasks } from '../../worker/define-task.ts';
import { validateInput } from '../../worker/validate-input.ts';
import type { Refusal } from '../../workflows/new-task.ts';
import { errorLine, readText } from '../command.ts';
import type { CliWorld } from '../world.ts';
import type { SubmitOptions } from './options.ts';

/** What the fleet's task says of a body; nothing when it takes it. */
export type SchemaCheck = (body: string) => Promise<readonly Refusal[]>;

export type FoundSchema =
  | { readonly ok: true; readonly check: SchemaCheck }
  | { readonly ok: false; readonly error: string };

const FLEET_FILE_DEFAULT = 'spothop.yml';

export const NO_CHECK: SchemaCheck = async () => [];

const FIX = 'correct it, or say with --task which task file is meant, or --no-schema';

const TAKES_NO_TASKS = errorLine(
  'fleet',
  'it keeps the program of another system running (worker.supervise), and takes no tasks',
  'send them to that system, or name another fleet',
);

/** What the fleet runs, as far as there is a fleet file that says so. */
const programOf = async (fleet: FleetName, file: string, world: CliWorld): Promise<WorkerProgram | undefined> => {
  const read = await readText(file, world);
  const result = read.ok ? readFleetFile(read.text) : undefined;
  return result?.ok ? result.fleets.find(({ name }) => name === fleet)?.worker.program : undefined;
};

/** By `--task`, from the folder at hand; else as the fleet file names it, from that file's folder. */
const taskPath = ({ task }: SubmitOptions, program: WorkerProgram | undefined): string | undefined =>
  task === undefined ? (program?.kind === 'task' ? program.path : undefined) : resolve(task);

/** The problems hold no value of the body; each is `path: why`, or only the reason. */
export const checkBy =
  (tasks: Tasks, fix: string): SchemaCheck =>
  async (body) => {
    const checked = await validateInput(tasks, body);
    return checked.ok ? [] : checked.problems.map((because) => ({ path: '', because, fix }));
  };

/** The check that the fleet's own workers would make, made before anything is sent. */
export const findSchema = async (fleet: FleetName, options: SubmitOptions, world: CliWorld): Promise<FoundSchema> => {
  const fleetFile = options.fleetFile ?? world.environment['SPOTHOP_FLEET_FILE'] ?? FLEET_FILE_DEFAULT;
  const program = await programOf(fleet, fleetFile, world);
  if (program?.kind === 'supervise') return { ok: false, error: TAKES_NO_TASKS };
  const path = taskPath(options, program);
  if (!options.schema || path === undefined) return { ok: true, check: NO_CHECK };
  try {
    return { ok: true, check: checkBy(await world.loadTasks(path, fleetFile), FIX) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, error: errorLine('schema', why, 'mend the file, or leave the check out with --no-schema') };
  }
};
