/** The least that a fleet which launches machines needs, as a user would write it. Line numbers in tests count on it. */
export const SMALL_FILE = `version: 1
fleets:
  jobs:
    mode: manage
    instanceTypes: [c7g.large, c6g.large, m7g.large]
    zones: [us-east-1a, us-east-1b]
    network:
      subnets: [subnet-0a1b2c3d4e5f60718, subnet-0b2c3d4e5f6071829]
      securityGroups: [sg-0c3d4e5f60718293a]
    capacity: { min: 0, max: 20 }
    worker: { command: python3 worker.py }
`;

/** The small file with one text in it replaced; the text must be there, or the test means nothing. */
export const smallFileWith = (written: string, instead: string): string => {
  if (!SMALL_FILE.includes(written)) throw new Error(`The small fleet file has no ${written}`);
  return SMALL_FILE.replace(written, () => instead);
};

/** The small file with further keys in its fleet, on line 12 and after. */
export const smallFileAnd = (...lines: readonly string[]): string =>
  SMALL_FILE + lines.map((line) => `    ${line}\n`).join('');
