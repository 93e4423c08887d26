/** What the shell learns from every command. */
export const EXIT = {
  ok: 0,
  /** The command ran, and what it checked does not hold. */
  failedCheck: 1,
  /** The command line itself cannot be understood. */
  usage: 2,
  /** Ctrl-C: what was under way was finished, the rest was not begun. What a shell shows for it. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_HELP = `
Exit codes:
  0  done, and everything checked holds
  1  a check failed
  2  the command line cannot be understood`;
