/**
 * The agent's entry point, one on every machine:
 *
 *   agent [--environment FILE] [--task FILE | --exec COMMAND]
 *
 * Everything else is read from the environment (lib/agent/configuration.ts). Exit 0: drained, the machine may end.
 * 2: it cannot start. 3: another agent has this machine.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type AgentEnd, createAgent } from '../lib/agent/agent.ts';
import { parseEnvironmentFile } from '../lib/agent/environment-file.ts';
import { agentWorld } from '../lib/wiring-agent.ts';

const CANNOT_START_EXIT_CODE = 2;

const applyArguments = (): void => {
  const options = { environment: { type: 'string' }, task: { type: 'string' }, exec: { type: 'string' } } as const;
  const { environment, task, exec } = parseArgs({ options }).values;
  // Into the process's own environment, because the SDK finds region, endpoint and credentials there.
  if (environment !== undefined) Object.assign(process.env, parseEnvironmentFile(readFileSync(environment, 'utf8')));
  if (task === undefined && exec === undefined) return;
  process.env['SPOTHOP_TASK'] = task ?? '';
  process.env['SPOTHOP_EXEC'] = exec ?? '';
};

const runAgent = async (): Promise<AgentEnd> => {
  applyArguments();
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

// The code of a task that would not stop may still be running: the process does not wait for it.
runAgent().then(
  (end) => process.exit(end.exitCode),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(CANNOT_START_EXIT_CODE);
  },
);
