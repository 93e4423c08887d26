/**
 * What the local cloud reads of a machine's user data: the variables that the script would hand to the agent.
 * The script itself is not run.
 */
const BEGIN = '# spothop-environment begin';
const END = '# spothop-environment end';

const onlyLine = (lines: readonly string[], wanted: string): number => {
  const first = lines.indexOf(wanted);
  if (first === -1 || lines.indexOf(wanted, first + 1) !== -1) {
    throw new Error(
      `User data must contain the line "${wanted}" exactly once; make it with this project's launch template.`,
    );
  }
  return first;
};

const parseVariable = (line: string): readonly [string, string] => {
  const match = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line);
  if (!match) throw new Error('A line of the environment block of the user data is not of the form NAME=value.');
  return [match[1]!, match[2]!];
};

/** The variables of the one environment block; values run to the end of their line, unquoted. */
export const userDataEnvironment = (userData: string): Readonly<Record<string, string>> => {
  const lines = userData.split('\n').map((line) => line.replace(/\r$/, ''));
  const begin = onlyLine(lines, BEGIN);
  const end = onlyLine(lines, END);
  if (end < begin) throw new Error(`In the user data, "${END}" comes before "${BEGIN}".`);
  return Object.fromEntries(
    lines
      .slice(begin + 1, end)
      .filter((line) => line !== '')
      .map(parseVariable),
  );
};
