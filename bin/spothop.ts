#!/usr/bin/env node
import { nodeWorld } from '../lib/cli/node-world.ts';
import { runProgram } from '../lib/cli/program.ts';
import type { CliWorld } from '../lib/cli/world.ts';

const taskFault: CliWorld['taskFault'] = async (path, fleetFile) => {
  // The bundler is loaded only for what has a task to bundle.
  const { bundleTaskAt } = await import('../deploy/bundle-tasks.ts');
  const bundling = await bundleTaskAt(path, { fleetFile, deployFolder: '.' });
  return bundling.ok ? undefined : bundling;
};

process.exitCode = await runProgram(process.argv.slice(2), nodeWorld({ taskFault }));
