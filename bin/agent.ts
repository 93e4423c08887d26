/**
 * The agent's entry point, one on every machine:
 *
 *   agent [--environment FILE] [--task FILE | --exec COMMAND | --supervise COMMAND]
 *
 * or, started by an agent to run the tasks of a module apart from itself:
 *
 *   agent --host FILE
 *
 * Everything else is read from the environment (lib/agent/configuration.ts). Exit 0: drained, the machine may end.
 * 2: it cannot start. 3: another agent has this machine.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { AgentEnd } from '../lib/agent/agent.ts';
import { parseEnvironmentFile } from '../lib/agent/environment-file.ts';
import { HOST_ARGUMENT } from '../lib/agent/task-host-messages.ts';
import { timeScaleFromEnvironment, wallClock } from '../lib/clock/wall-clock.ts';

const CANNOT_START_EXIT_CODE = 2;

const applyArguments = (): void => {
  const text = { type: 'string' } as const;
  const options = { environment: text, task: text, exec: text, supervise: text };
  const { environment, task, exec, supervise } = parseArgs({ options }).values;
  // Into the process's own environment, because the SDK finds region, endpoint and credentials there.
  if (environment !== undefined) Object.assign(process.env, parseEnvironmentFile(readFileSync(environment, 'utf8')));
  if (task === undefined && exec === undefined && supervise === undefined) return;
  process.env['SPOTHOP_TASK'] = task ?? '';
  process.env['SPOTHOP_EXEC'] = exec ?? '';
  process.env['SPOTHOP_SUPERVISE'] = supervise ?? '';
};

const runAgent = async (): Promise<AgentEnd> => {
  applyArguments();
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

// What a host does not need is not loaded into it. An agent does not wait for code of a task that would not stop.
const [first, taskFile] = process.argv.slice(2);
if (first === HOST_ARGUMENT && taskFile !== undefined) await runHost(taskFile);
else {
  runAgent().then(
    (end) => process.exit(end.exitCode),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(CANNOT_START_EXIT_CODE);
    },
  );
}
