/**
 * `NAME=value` lines as the user data writes them: taken as they stand, with nothing quoted and nothing expanded, so
 * that a value of the fleet file is never read as code. Empty lines and lines that begin with `#` say nothing.
 */
export const parseEnvironmentFile = (text: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
