import { type FleetFileResult, readFleetFile } from '../../config/fleet-file.ts';
import { formatProblems, type Problem } from '../../config/problem.ts';
import { printable } from '../../signals/printable.ts';
import { errorLine, groupOf, type RegisterCommand, readText } from '../command.ts';
import { EXIT } from '../exit.ts';

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

interface CheckedFleetFile {
  readonly file: string;
  readonly ok: boolean;
  readonly fleets: readonly string[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

const checkedFleetFile = (file: string, result: FleetFileResult): CheckedFleetFile =>
  result.ok
    ? { file, ok: true, fleets: result.fleets.map(({ name }) => name), problems: [], warnings: result.warnings }
    : { file, ok: false, fleets: [], problems: result.problems, warnings: [] };

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const render = ({ file, ok, fleets, problems, warnings }: CheckedFleetFile): string => {
  const listed = formatProblems(file, ok ? warnings : problems);
  const verdict = ok
    ? `${file}: ${counted(fleets.length, 'fleet')} (${fleets.join(', ')}), ${counted(warnings.length, 'warning')}`
    : `${file}: ${counted(problems.length, 'problem')}; nothing would be deployed`;
  return [listed, verdict].filter((part) => part !== '').join('\n');
};

/** `spothop fleet check`: every problem of a fleet file, before anything is deployed. */
export const registerFleetCheck: RegisterCommand = (program, { world, finish }) => {
  groupOf(program, 'fleet', 'look at fleets')
    .command('check')
    .description('find every problem of a fleet file at once')
    .argument('[file]', 'the fleet file; - is standard input', 'spothop.yml')
    .option('--json', 'the answer as one JSON object on one line')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, { json }: { readonly json?: true }) => {
      const read = await readText(file, world);
      if (!read.ok) {
        world.stderr(
          errorLine(printable(file, 1_000), read.because, 'name the fleet file to check, such as spothop.yml'),
        );
        return finish(EXIT.failedCheck);
      }
      const checked = checkedFleetFile(file, readFleetFile(read.text));
      world.stdout(`${json ? JSON.stringify(checked) : render(checked)}\n`);
      finish(checked.ok ? EXIT.ok : EXIT.failedCheck);
    });
};
