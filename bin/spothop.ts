#!/usr/bin/env node
import { nodeWorld } from '../lib/cli/node-world.ts';
import { runProgram } from '../lib/cli/program.ts';

process.exitCode = await runProgram(process.argv.slice(2), nodeWorld());
