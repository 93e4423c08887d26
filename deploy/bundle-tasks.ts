import { resolve } from 'node:path';
import type { FleetSpecification } from '../lib/config/fleet-specification.ts';
import type { FleetName } from '../lib/fleet/ids.ts';
import { bundleTask, type TaskBundle, type TaskBundling } from './bundle-task.ts';
import { findTask } from './find-task.ts';

export type TaskBundles = ReadonlyMap<FleetName, TaskBundle>;

/** Where a path in a fleet file may lead. */
export interface TaskFolders {
  readonly fleetFile: string;
  /** The folder that is deployed from. */
  readonly deployFolder: string;
}

const NOT_THERE: TaskBundling = {
  ok: false,
  reason: 'is not there',
  fix: 'write a path that begins at the folder of the fleet file',
};

/** The task file of a fleet, with everything it imports, as one file; or why there can be none. */
export const bundleTaskAt = async (path: string, { fleetFile, deployFolder }: TaskFolders): Promise<TaskBundling> => {
  const file = findTask(path, resolve(fleetFile), resolve(deployFolder));
  return file === undefined ? NOT_THERE : bundleTask(file);
};

/** Only fleets whose machines are launched from a template of ours fetch their task from us. */
const shippedTask = ({ mode, worker }: FleetSpecification): string | undefined =>
  mode === 'manage' && worker.program.kind === 'task' ? worker.program.path : undefined;

/**
 * The bundle of each fleet that runs a task file.
 * @throws with every fleet whose task cannot be shipped: its machines would boot for nothing
 */
export const bundleTasks = async (
  fleets: readonly FleetSpecification[],
  folders: TaskFolders,
): Promise<TaskBundles> => {
  const bundles = new Map<FleetName, TaskBundle>();
  const problems: string[] = [];
  for (const fleet of fleets) {
    const path = shippedTask(fleet);
    if (path === undefined) continue;
    const bundling = await bundleTaskAt(path, folders);
    if (bundling.ok) bundles.set(fleet.name, bundling.bundle);
    else problems.push(`fleets.${fleet.name}.worker.task: ${path} ${bundling.reason}; fix: ${bundling.fix}`);
  }
  if (problems.length > 0) throw new Error(`\n${problems.join('\n')}\nNothing was deployed.`);
  return bundles;
};
