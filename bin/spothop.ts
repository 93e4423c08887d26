#!/usr/bin/env node
import { nodeWorld } from '../lib/cli/node-world.ts';
import { runProgram } from '../lib/cli/program.ts';
import type { CliWorld } from '../lib/cli/world.ts';

const bundle = async (path: string, fleetFile: string) => {
  // The bundler is loaded only for what has a task to bundle.
  const { bundleTaskAt } = await import('../deploy/bundle-tasks.ts');
  return bundleTaskAt(path, { fleetFile, deployFolder: '.' });
};

const taskFault: CliWorld['taskFault'] = async (path, fleetFile) => {
  const bundling = await bundle(path, fleetFile);
  return bundling.ok ? undefined : bundling;
};

const loadTasks: CliWorld['loadTasks'] = async (path, fleetFile) => {
  const bundling = await bundle(path, fleetFile);
  if (!bundling.ok) throw new Error(`${path} ${bundling.reason}; ${bundling.fix}`);
  const { loadTaskBundle } = await import('../lib/worker/load-task-bundle.ts');
  return loadTaskBundle(bundling.bundle.text, path);
};

process.exitCode = await runProgram(process.argv.slice(2), nodeWorld({ taskFault, loadTasks }));
