#!/usr/bin/env node
/**
 * Makes the agent, and a task when one is named, as files for an image of your own:
 *
 *   npm run build-agent [-- TASK.ts]
 *
 * dist/agent.mjs, dist/task.mjs and, beside each, its SHA-256 as `sha256sum --check` reads it.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildAgent } from '../deploy/build-agent.ts';
import { bundleTaskAt } from '../deploy/bundle-tasks.ts';

const BUILD_FOLDER = '.build/image';
const OUTPUT_FOLDER = 'dist';

const noteDigest = (name: string): string => {
  const path = join(OUTPUT_FOLDER, name);
  const line = `${createHash('sha256').update(readFileSync(path)).digest('hex')}  ${name}`;
  writeFileSync(`${path}.sha256`, `${line}\n`);
  return line;
};

const makeAgent = async (): Promise<string> => {
  const { path } = await buildAgent(BUILD_FOLDER);
  copyFileSync(path, join(OUTPUT_FOLDER, 'agent.mjs'));
  return noteDigest('agent.mjs');
};

const makeTask = async (path: string): Promise<string> => {
  const bundling = await bundleTaskAt(path, { fleetFile: './spothop.yml', deployFolder: '.' });
  if (!bundling.ok) throw new Error(`${path} ${bundling.reason}; fix: ${bundling.fix}`);
  writeFileSync(join(OUTPUT_FOLDER, 'task.mjs'), bundling.bundle.text);
  return noteDigest('task.mjs');
};

const make = async (task: string | undefined): Promise<readonly string[]> => {
  mkdirSync(OUTPUT_FOLDER, { recursive: true });
  const agent = await makeAgent();
  return task === undefined ? [agent] : [agent, await makeTask(task)];
};

make(process.argv[2]).then(
  (lines) => process.stdout.write(`${lines.join('\n')}\n`),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
