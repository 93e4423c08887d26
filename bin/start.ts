#!/usr/bin/env node
import { startMain } from '../lib/cli/start/main.ts';

process.exitCode = await startMain(process.argv.slice(2));
