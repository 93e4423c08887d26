import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scheduler } from 'node:timers/promises';

/**
 * Stands for another system's worker, such as Prefect's: a process that lives long, fetches its own work (here files of a
 * folder), knows nothing of Spothop, and drains by SIGTERM: it takes nothing more, finishes what it has, and ends.
 *
 *     node folder-worker.ts FOLDER
 *
 * FOLDER/waiting/NAME.json becomes FOLDER/running/NAME.json and then FOLDER/done/NAME.json.
 */
const POLL_MS = 50;

const folder = process.argv[2] ?? 'jobs';
const place = (state: 'waiting' | 'running' | 'done', name = ''): string => join(folder, state, name);

const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());

const pause = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
  scheduler.wait(milliseconds, signal === undefined ? {} : { signal }).catch(() => undefined);

/** Whoever renames it first has it. */
const takeNext = async (): Promise<string | undefined> => {
  for (const name of (await readdir(place('waiting'))).sort()) {
    const isOurs = await rename(place('waiting', name), place('running', name)).then(
      () => true,
      () => false,
    );
    if (isOurs) return name;
  }
  return undefined;
};

/** Runs to its end whether it was asked to stop or not: that is what draining means. */
const runJob = async (name: string): Promise<void> => {
  const { milliseconds } = JSON.parse(await readFile(place('running', name), 'utf8')) as { milliseconds: number };
  console.error(`running ${name}`);
  await pause(milliseconds);
  await writeFile(place('done', name), JSON.stringify({ milliseconds, finished: true }));
  await rm(place('running', name));
  console.error(`finished ${name}`);
};

for (const state of ['waiting', 'running', 'done'] as const) await mkdir(place(state), { recursive: true });
console.error('polling');
while (!stop.signal.aborted) {
  const name = await takeNext();
  if (name === undefined) await pause(POLL_MS, stop.signal);
  else await runJob(name);
}
console.error('drained');
