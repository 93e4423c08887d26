import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { commandEnvironment } from './exec-environment.ts';
import { fileVariables, openRunFolder, type RunFolder } from './exec-folder.ts';
import { type ProcessGroup, startGroup } from './exec-group.ts';
import { createNoticeWriter } from './exec-notice.ts';
import { linuxProcesses, receiversOf } from './exec-receivers.ts';
import { sendSignal } from './process-signals.ts';
import type { SupervisedProgram, SupervisedRun } from './runner.ts';

export interface SupervisedProgramOptions {
  readonly command: string;
  /** The agent's own; the program is given what is meant for it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fleet: string;
  /** Where its private folder is made; the system's temporary folder otherwise. */
  readonly stateFolder?: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The agent's standard error: what the program says is its own, and is neither read nor kept by us. */
const STANDARD_ERROR = 2;

const startIn = async (
  folder: RunFolder,
  { command, environment, fleet }: SupervisedProgramOptions,
  instanceId: string,
): Promise<ProcessGroup> => {
  const told = { SPOTHOP_FLEET: fleet, SPOTHOP_INSTANCE_ID: instanceId, ...fileVariables(folder, ['notice']) };
  return startGroup({
    command,
    environment: commandEnvironment(environment, told),
    folder: folder.path,
    streams: ['ignore', STANDARD_ERROR, STANDARD_ERROR],
  });
};

const endOf = async (group: ProcessGroup, folder: RunFolder): ReturnType<() => SupervisedRun['ended']> => {
  try {
    return await group.exited;
  } finally {
    group.end();
    await folder.remove();
  }
};

const terminateProgram = ({ leader }: ProcessGroup): void => {
  if (leader.pid === undefined || leader.exitCode !== null || leader.signalCode !== null) return;
  for (const pid of receiversOf(linuxProcesses, leader.pid)) sendSignal(pid, 'SIGTERM');
};

/** Any command as a supervised program, in a process group of its own that never outlives the agent. */
export const supervisedProgram = (options: SupervisedProgramOptions): SupervisedProgram => ({
  name: 'command',
  start: async ({ instanceId }) => {
    const { log, clock } = options;
    const folder = await openRunFolder(options.stateFolder, log);
    const group = await startIn(folder, options, instanceId);
    const write = createNoticeWriter(folder, clock);
    return {
      ended: endOf(group, folder),
      terminate: () => terminateProgram(group),
      kill: () => group.signal('SIGKILL'),
      notice: (notice) => {
        write(notice).catch((error: unknown) => log.warn('the notice file was not written', { error: String(error) }));
      },
    };
  },
});
