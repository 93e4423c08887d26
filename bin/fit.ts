#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { fitHazards } from '../lib/replay/fit/fit-hazards.ts';
import { hazardsSource } from '../lib/replay/fit/write-hazards.ts';

/** Learns the hazards anew: `node bin/fit.ts --traces DIR [--out FILE]`. */
const OUT = new URL('../lib/decisions/purchase/learned-hazards.ts', import.meta.url).pathname;

const { values } = parseArgs({ options: { traces: { type: 'string' }, out: { type: 'string', default: OUT } } });
if (values.traces === undefined) {
  process.stderr.write('Which traces? Say where they are: npm run fit -- --traces DIR\n');
  process.exitCode = 2;
} else {
  const folder = values.traces;
  const hazards = fitHazards((path) => gunzipSync(readFileSync(join(folder, path))).toString());
  writeFileSync(values.out, hazardsSource(hazards));
  process.stdout.write(`Learned ${values.out}\n`);
}
