#!/usr/bin/env node
import { startMain } from '../lib/cli/start/main.ts';

process.exitCode = await startMain(process.argv.slice(2), {
  // The bundler is loaded only for what has a task to bundle.
  bundleTask: async (file) => (await import('../deploy/bundle-task.ts')).bundleTask(file),
});
