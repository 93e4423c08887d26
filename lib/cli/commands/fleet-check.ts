import { groupOf, type RegisterCommand } from '../command.ts';

const EXAMPLES = `
Examples:
  spothop fleet check
  spothop fleet check --json production.yml

With --json the answer is one line: {file, ok, fleets: [name], problems, warnings}, each problem with its
line, column, path, reason and fix.

Exit codes:
  0  the file can be deployed
  1  it has problems, or cannot be read
  2  the command line cannot be understood`;

/** `spothop fleet check`: every problem of a fleet file, before anything is deployed. */
export const registerFleetCheck: RegisterCommand = (program, { world, finish }) => {
  groupOf(program, 'fleet', 'look at fleets')
    .command('check')
    .description('find every problem of a fleet file at once, and of the task files it names')
    .argument('[file]', 'the fleet file; - is standard input', 'spothop.yml')
    .option('--json', 'the answer as one JSON object on one line')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const { checkFleetFile } = await import('../check-fleet-file.ts');
      finish(await checkFleetFile(file, json === true, world));
    });
};
