/**
 * The agent's entry point, one on every machine (`agent --help`), and that of the process that it runs a module's tasks
 * in: `agent --host FILE`.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AgentEnd } from '../lib/agent/agent.ts';
import { readAgentCommandLine } from '../lib/agent/command-line.ts';
import { HOST_ARGUMENT } from '../lib/agent/task-host-messages.ts';
import { agentVersion } from '../lib/agent/version.ts';
import { timeScaleFromEnvironment, wallClock } from '../lib/clock/wall-clock.ts';
import type { Environment } from '../lib/config/environment.ts';

const CANNOT_START_EXIT_CODE = 2;

const runAgent = async (): Promise<AgentEnd> => {
  const { createAgent } = await import('../lib/agent/agent.ts');
  const { agentWorld } = await import('../lib/wiring-agent.ts');
  const { configuration, ports } = await agentWorld(process.env);
  const agent = createAgent(ports, configuration.settings);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, agent.stop);
  const end = await agent.run();
  ports.log.info('agent ended', { reason: end.reason, exitCode: end.exitCode, powersOff: end.powersOff });
  if (end.powersOff && configuration.powerOffCommand !== undefined) {
    spawn('/bin/sh', ['-c', configuration.powerOffCommand], { detached: true, stdio: 'ignore' }).unref();
  }
  return end;
};

const runHost = async (taskFile: string): Promise<void> => {
  const { serveTasks } = await import('../lib/agent/task-host.ts');
  await serveTasks(taskFile, wallClock(timeScaleFromEnvironment(process.env)));
};

const cannotStart = (problem: string): void => {
  process.stderr.write(`${problem}\n`);
  process.exit(CANNOT_START_EXIT_CODE);
};

const work = (environment: Environment): void => {
  // Into the process's own environment, because the SDK finds region, endpoint and credentials there.
  Object.assign(process.env, environment);
  // An agent does not wait for code of a task that would not stop.
  runAgent().then(
    (end) => process.exit(end.exitCode),
    (error: unknown) => cannotStart(error instanceof Error ? error.message : String(error)),
  );
};

const start = (words: readonly string[]): void => {
  const asked = readAgentCommandLine(words, agentVersion(), (path) => readFileSync(path, 'utf8'));
  if (asked.do === 'say') process.stdout.write(asked.text);
  else if (asked.do === 'refuse') cannotStart(asked.problem);
  else work(asked.environment);
};

// What a host does not need is not loaded into it.
const [first, taskFile] = process.argv.slice(2);
if (first === HOST_ARGUMENT && taskFile !== undefined) await runHost(taskFile);
else start(process.argv.slice(2));
