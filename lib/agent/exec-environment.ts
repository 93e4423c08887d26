type Variables = Readonly<Record<string, string | undefined>>;

/** Of the agent's own settings, what a command needs to read a deadline where time is scaled (the local cloud). */
const PASSED_ON: readonly string[] = ['SPOTHOP_TIME_FACTOR', 'SPOTHOP_TIME_ORIGIN_MS'];

/** What systemd tells the one process that it started (systemd.exec(5), sd_notify(3)). */
const OF_THE_SERVICE_MANAGER =
  /^(?:NOTIFY_SOCKET|WATCHDOG_\w+|LISTEN_\w+|JOURNAL_STREAM|INVOCATION_ID|CREDENTIALS_DIRECTORY)$/;

const isForCommands = (name: string): boolean =>
  PASSED_ON.includes(name) || !(name.startsWith('SPOTHOP_') || OF_THE_SERVICE_MANAGER.test(name));

/**
 * The agent's environment without what is meant for the agent alone, and with what a command is told: the machine's own
 * variables, `PATH` and `AWS_REGION` among them, stay. AWS credentials are the machine's role's in either process.
 */
export const commandEnvironment = (agent: Variables, told: Variables): Variables => ({
  ...Object.fromEntries(Object.entries(agent).filter(([name]) => isForCommands(name))),
  ...told,
});
