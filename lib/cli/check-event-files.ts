import type { ExpectedOrigin } from '../signals/origin.ts';
import { type CheckedFile, checkEvents, unreadableFile } from './check-events.ts';
import { readText } from './command.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { renderCheckedFile } from './render-checked-events.ts';
import type { CliWorld } from './world.ts';

const checkOne = async (file: string, expected: ExpectedOrigin, world: CliWorld): Promise<CheckedFile> => {
  const read = await readText(file, world);
  return read.ok
    ? checkEvents(file, read.text, expected, world.clock.now())
    : unreadableFile(file, `${read.because}; name a file of events, or - for standard input`);
};

/** `spothop events check`, once its options are read: each file is told as soon as it is read. */
export const checkEventFiles = async (
  files: readonly string[],
  expected: ExpectedOrigin,
  json: boolean,
  world: CliWorld,
): Promise<ExitCode> => {
  let allReadable = true;
  for (const file of files) {
    const checked = await checkOne(file, expected, world);
    allReadable &&= checked.readable;
    world.stdout(json ? `${JSON.stringify(checked)}\n` : renderCheckedFile(checked, world.colour));
  }
  return allReadable ? EXIT.ok : EXIT.failedCheck;
};
