#!/usr/bin/env node
/** Learns the purchasing policy's constants anew: `npm run fit -- --traces DIR`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { fitHazards, TRAINING_FILE } from '../lib/replay/fit/fit-hazards.ts';
import { hazardsSource } from '../lib/replay/fit/write-hazards.ts';

const OUT = new URL('../lib/decisions/purchase/learned-hazards.ts', import.meta.url).pathname;

const HELP = `Learns how spot comes and goes, and writes it where the purchasing policy reads it.

  npm run fit -- --traces DIR [--out FILE]

--traces DIR  the folder of the traces; only ${TRAINING_FILE} in it is read
--out FILE    written instead of ${OUT}

The same file gives the same constants, byte for byte. It takes some minutes; progress goes to stderr.
`;

const USAGE_EXIT_CODE = 2;

const refuse = (problem: string): never => {
  process.stderr.write(`${problem}\n\n${HELP}`);
  process.exit(USAGE_EXIT_CODE);
};

const readArguments = () => {
  try {
    return parseArgs({
      options: {
        traces: { type: 'string' },
        out: { type: 'string', default: OUT },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return refuse((error as Error).message);
  }
};

const readTrace =
  (folder: string) =>
  (name: string): string => {
    const path = join(folder, name);
    try {
      return gunzipSync(readFileSync(path)).toString();
    } catch (error) {
      return refuse(
        `${path} cannot be read (${(error as Error).message}); name the folder of the traces with --traces.`,
      );
    }
  };

const { traces, out, help } = readArguments();
if (help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (traces === undefined) refuse('Which traces? Name their folder with --traces DIR.');

const hazards = fitHazards(readTrace(traces!), (done, all) =>
  process.stderr.write(`${done} of ${all} lengths of step are fitted\n`),
);
writeFileSync(out, hazardsSource(hazards));
process.stdout.write(`Learned from ${TRAINING_FILE}: ${out}\n`);
