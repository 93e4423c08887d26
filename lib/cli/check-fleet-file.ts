import { type FleetFileResult, readFleetFile } from '../config/fleet-file.ts';
import type { FleetSpecification } from '../config/fleet-specification.ts';
import { formatProblems, type Problem, pathText } from '../config/problem.ts';
import { readYaml } from '../config/yaml-document.ts';
import { printable } from '../signals/printable.ts';
import { errorLine, readText } from './command.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { CliWorld } from './world.ts';

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

/** A task that cannot be shipped is no mistake in the text, and stops the deployment all the same. */
const taskWarning = async (
  { name, mode, worker }: FleetSpecification,
  { file, text }: { readonly file: string; readonly text: string },
  world: CliWorld,
): Promise<readonly Problem[]> => {
  if (mode !== 'manage' || worker.program.kind !== 'task') return [];
  const fault = await world.taskFault(worker.program.path, file);
  if (fault === undefined) return [];
  const path = ['fleets', name, 'worker', 'task'];
  const { line, column } = readYaml(text).positionOf(path);
  const reason = printable(`${worker.program.path} ${fault.reason}`, 1_000);
  return [{ line, column, path: pathText(path), reason, fix: fault.fix }];
};

const withTaskWarnings = async (
  result: FleetFileResult,
  read: { readonly file: string; readonly text: string },
  world: CliWorld,
): Promise<FleetFileResult> => {
  if (!result.ok) return result;
  const found = await Promise.all(result.fleets.map((fleet) => taskWarning(fleet, read, world)));
  return { ...result, warnings: [...result.warnings, ...found.flat()] };
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const render = ({ file, ok, fleets, problems, warnings }: CheckedFleetFile): string => {
  const listed = formatProblems(file, ok ? warnings : problems);
  const verdict = ok
    ? `${file}: ${counted(fleets.length, 'fleet')} (${fleets.join(', ')}), ${counted(warnings.length, 'warning')}`
    : `${file}: ${counted(problems.length, 'problem')}; nothing would be deployed`;
  return [listed, verdict].filter((part) => part !== '').join('\n');
};

/** `spothop fleet check`, once its options are read. */
export const checkFleetFile = async (file: string, json: boolean, world: CliWorld): Promise<ExitCode> => {
  const read = await readText(file, world);
  if (!read.ok) {
    world.stderr(errorLine(printable(file, 1_000), read.because, 'name the fleet file to check, such as spothop.yml'));
    return EXIT.failedCheck;
  }
  const result = await withTaskWarnings(readFleetFile(read.text), { file, text: read.text }, world);
  const checked = checkedFleetFile(file, result);
  world.stdout(`${json ? JSON.stringify(checked) : render(checked)}\n`);
  return checked.ok ? EXIT.ok : EXIT.failedCheck;
};
