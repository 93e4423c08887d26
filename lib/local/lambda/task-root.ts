/**
 * Unpacks a function's zip into a folder of its own, once per content.
 *
 * Not modelled: file modes, symbolic links, and the 250 MB limit on what is unpacked.
 */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { unzipSync } from 'fflate';
import { AwsError } from '../service.ts';
import type { FunctionConfiguration } from './function-configuration.ts';

const inside = (folder: string, path: string): string => {
  const file = resolve(folder, path);
  if (!file.startsWith(folder + sep)) {
    throw new AwsError(
      400,
      'InvalidParameterValueException',
      `The zip names ${path}, outside its own root. Pack it again.`,
    );
  }
  return file;
};

const unzip = (configuration: FunctionConfiguration): Record<string, Uint8Array> => {
  try {
    return unzipSync(configuration.code);
  } catch {
    throw new AwsError(
      400,
      'InvalidParameterValueException',
      `Could not unzip uploaded file of ${configuration.name}. Please check your file, then try to upload again.`,
    );
  }
};

const write = (folder: string, files: Readonly<Record<string, Uint8Array>>): void => {
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    if (path.endsWith('/')) continue;
    const file = inside(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  // Without one of its own, a `.js` file would take its module kind from whatever project the state folder lies in.
  if (!Object.hasOwn(files, 'package.json')) writeFileSync(join(folder, 'package.json'), '{}');
};

/** The folder that holds the function's files. Throws as Lambda does when the zip cannot be read. */
export const prepareTaskRoot = (stateFolder: string, configuration: FunctionConfiguration): string => {
  const digest = Buffer.from(configuration.codeSha256, 'base64').toString('hex').slice(0, 16);
  const folder = resolve(stateFolder, 'functions', configuration.name, digest);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  write(unfinished, unzip(configuration));
  renameSync(unfinished, folder);
  return folder;
};
