#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadlinePicture } from '../lib/replay/page/deadline-picture.ts';
import { fillPage } from '../lib/replay/page/fill-page.ts';
import type { ReplayJson } from '../lib/replay/page/replay-json.ts';
import { cellTable, fleetTable, lostList, policyTable } from '../lib/replay/page/tables.ts';
import { weekPicture } from '../lib/replay/page/week-picture.ts';

/** Replays what `docs/buying.md` shows and writes its tables and pictures: `node bin/buying-page.ts DIR [PART…]`. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(ROOT, 'docs/buying.md');
const PICTURES = join(ROOT, 'docs/buying');
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const replay = (words: readonly string[]): ReplayJson => {
  const command = [join(ROOT, 'bin/spothop.ts'), 'replay', ...words, '--json'];
  const { status, stdout } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  return JSON.parse(stdout) as ReplayJson;
};

const suite = (name: string, folder: string): ReplayJson => replay(['--suite', name, '--traces', folder]);

const madeUp = (name: string): ReplayJson => replay(['--suite', name]);

const WEEK_JOB = [
  ...['--job-hours', '96', '--deadline-hours', '168', '--changeover-hours', '0.2', '--on-demand-price', '3.06'],
  ...['--pool', 'us-east-1', '--start-hours', '200'],
];

const writePicture = (name: string, svg: string): void => writeFileSync(join(PICTURES, name), svg);

const jobParts = (name: string, folder: string): ReadonlyMap<string, string> => partsOf(name, suite(name, folder));

const partsOf = (name: string, figures: ReplayJson): ReadonlyMap<string, string> =>
  new Map([
    [name, policyTable(figures)],
    [`${name} cells`, cellTable(figures)],
    [`${name} lost`, lostList(figures)],
  ]);

/** Each part of the page, and how it is made. */
const PARTS: Readonly<Record<string, (folder: string) => ReadonlyMap<string, string>>> = {
  adrs: (folder) => jobParts('adrs', folder),
  grid: (folder) => jobParts('grid', folder),
  deadlines: (folder) => {
    const figures = suite('deadlines', folder);
    writePicture('cost-over-deadline.svg', deadlinePicture(figures));
    return new Map([
      ['deadlines cells', cellTable(figures)],
      ['deadlines lost', lostList(figures)],
    ]);
  },
  pools: (folder) => jobParts('pools', folder),
  adversarial: () => partsOf('adversarial', madeUp('adversarial')),
  fleet: (folder) => {
    const figures = suite('fleet', folder);
    return new Map([
      ['fleet', policyTable(figures)],
      ['fleet cells', fleetTable(figures)],
    ]);
  },
  week: (folder) => {
    const file = join(folder, 'frontiercs-cbl/nine_az_v100_prices_and_windows.json.gz');
    const told = {
      title: 'One week in four zones of one region: 96 hours of work, due after 168',
      note: 'p3.2xlarge in us-east-1, 2023, real prices; every launch pays 12 minutes; the upper rows show what spothop ran',
    };
    writePicture('one-week.svg', weekPicture(replay(['--trace', file, ...WEEK_JOB]), told));
    return new Map();
  },
};

const [folder, ...named] = process.argv.slice(2);
const unknown = named.filter((name) => PARTS[name] === undefined);
if (folder === undefined || unknown.length > 0) {
  const parts = Object.keys(PARTS).join(', ');
  process.stderr.write(`usage: node bin/buying-page.ts TRACES_FOLDER [PART…], where a part is one of ${parts}\n`);
  process.exit(2);
}

for (const name of named.length > 0 ? named : Object.keys(PARTS)) {
  process.stderr.write(`${name} …\n`);
  const parts = PARTS[name]!(folder);
  writeFileSync(PAGE, fillPage(readFileSync(PAGE, 'utf8'), parts));
}
