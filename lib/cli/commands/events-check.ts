import { InvalidArgumentError } from 'commander';
import { ANY, type ExpectedOrigin, isAccountId, isRegionName } from '../../signals/origin.ts';
import { groupOf, type RegisterCommand } from '../command.ts';

interface Options {
  readonly json?: true;
  readonly account?: string;
  readonly region?: string;
}

const EXAMPLES = `
Examples:
  spothop events check warning.json
  spothop events check --json --account 123456789012 --region eu-central-1 *.json
  aws sqs receive-message --queue-url URL | spothop events check -

A file holds one event, a JSON array of events, or a batch of queue messages ({"Records":[{"body":…}]}),
each as EventBridge, Auto Scaling or SNS writes it. Without --account and --region an event's own are accepted.
With --json each file is one line: {file, events: [{event, signals, refused?, wouldDo}], readable}.

Exit codes:
  0  every event could be read
  1  a file or an event could not be read, or is of another account or region
  2  the command line cannot be understood`;

const accountId = (value: string): string => {
  if (!isAccountId(value)) throw new InvalidArgumentError('An account id has 12 digits.');
  return value;
};

const regionName = (value: string): string => {
  if (!isRegionName(value)) throw new InvalidArgumentError('A region looks like eu-central-1.');
  return value;
};

/** `spothop events check`: the path of a signal up to the decision, by hand, without touching anything. */
export const registerEventsCheck: RegisterCommand = (program, { world, finish }) => {
  groupOf(program, 'events', 'look at events from AWS')
    .command('check')
    .description('say what events mean and what the service would do about them')
    .argument('<file...>', 'files of events; - is standard input')
    .option('--json', 'one JSON object a line, one line a file')
    .option('--account <id>', 'refuse events of any other account', accountId)
    .option('--region <name>', 'refuse events of any other region', regionName)
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], { json, account, region }: Options) => {
      const expected: ExpectedOrigin = { account: account ?? ANY, region: region ?? ANY };
      const { checkEventFiles } = await import('../check-event-files.ts');
      finish(await checkEventFiles(files, expected, json === true, world));
    });
};
