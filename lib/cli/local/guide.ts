/** What a person needs in order to use a local cloud from another terminal. */
export interface LocalGuide {
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly fleetFile: string;
  readonly fleets: readonly string[];
  /** One log for each machine: what its agent and its tasks say. */
  readonly logs: string;
  readonly outbox: string;
  readonly record: string;
  readonly timeFactor: number;
  readonly seed: number;
  /** Commands to type, in this order. */
  readonly next: readonly string[];
}

export const DEPLOY_COMMAND = 'npx serverless deploy --stage local';

/** What that command makes, as `serverless.yml` names it. */
export const LOCAL_STACK = 'spothop-local';

/** A profile wins over keys, and would lead to the real AWS. */
const UNSET = 'unset AWS_PROFILE AWS_DEFAULT_PROFILE';

/** Safe in any shell of the Bourne family. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

export const exportLines = (environment: Readonly<Record<string, string>>): readonly string[] => [
  UNSET,
  ...Object.entries(environment).map(([name, value]) => `export ${name}=${shellWord(value)}`),
];

const timeLine = (timeFactor: number): string =>
  timeFactor === 1
    ? 'Time runs as on the wall; --time-factor 10 shows more of the market.'
    : `Time runs ${timeFactor} × as fast as on the wall, for every limit alike (a notice lasts ${(120 / timeFactor).toFixed(0)} s); --time-factor 1 for real time.`;

export const renderGuide = (guide: LocalGuide): string =>
  [
    `The local cloud runs at ${guide.endpoint} for the fleets of ${guide.fleetFile}: ${guide.fleets.join(', ')}.`,
    timeLine(guide.timeFactor),
    '',
    'In another terminal:',
    '',
    ...exportLines(guide.environment),
    ...guide.next,
    '',
    `machines' logs  ${guide.logs}`,
    `outbox          ${guide.outbox}`,
    `record          ${guide.record}`,
    '',
    'Ctrl-C ends it, with every machine in it.',
    '',
  ].join('\n');

/** How a task reaches a fleet that has just been deployed, and how to see what becomes of it. */
export const taskCommands = (fleet: string, body: string): readonly string[] => [
  `npx spothop submit --fleet ${fleet} --body '${body}'`,
  'npx spothop tasks list',
];
