import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * The file that `worker.task` names: beside the fleet file, or else below the folder that is deployed from. Undefined
 * when it is in neither.
 */
export const findTask = (path: string, fleetFile: string, deployFolder: string): string | undefined =>
  [dirname(fleetFile), deployFolder].map((folder) => resolve(folder, path)).find((file) => existsSync(file));
