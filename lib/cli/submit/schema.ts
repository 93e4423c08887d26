import { dirname, resolve } from 'node:path';
import { readFleetFile } from '../../config/fleet-file.ts';
import type { FleetName } from '../../fleet/ids.ts';
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

const NO_CHECK: FoundSchema = { ok: true, check: async () => [] };

const FIX = 'correct it, or say with --task which task file is meant, or --no-schema';

/** The task file of the fleet in the fleet file, where there is one. A fleet that runs a command has none. */
const taskFileOf = async (fleet: FleetName, options: SubmitOptions, world: CliWorld): Promise<string | undefined> => {
  const file = options.fleetFile ?? world.environment['SPOTHOP_FLEET_FILE'] ?? FLEET_FILE_DEFAULT;
  const read = await readText(file, world);
  const result = read.ok ? readFleetFile(read.text) : undefined;
  const program = result?.ok ? result.fleets.find(({ name }) => name === fleet)?.worker.program : undefined;
  return program?.kind === 'task' ? resolve(dirname(file), program.path) : undefined;
};

/** The problems hold no value of the body; each is `path: why`, or only the reason. */
const refusalOf = (problem: string): Refusal => ({ path: '', because: problem, fix: FIX });

/** The check that the fleet's own workers would make, made before anything is sent. */
export const findSchema = async (fleet: FleetName, options: SubmitOptions, world: CliWorld): Promise<FoundSchema> => {
  if (!options.schema) return NO_CHECK;
  const file = options.task ?? (await taskFileOf(fleet, options, world));
  if (file === undefined) return NO_CHECK;
  try {
    const tasks = await world.loadTasks(file);
    return {
      ok: true,
      check: async (body) => {
        const checked = await validateInput(tasks, body);
        return checked.ok ? [] : checked.problems.map(refusalOf);
      },
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, error: errorLine('schema', why, 'mend the file, or leave the check out with --no-schema') };
  }
};
