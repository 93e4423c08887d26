import picocolors from 'picocolors';
import type { FleetName } from '../../fleet/ids.ts';
import { printable } from '../../signals/printable.ts';
import type { TaskService } from '../../wiring-cli.ts';
import { type DeadLetter, readDeadLetters } from '../../workflows/read-dead-letters.ts';
import { errorLine } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { showTask } from '../tasks/show-task.ts';
import type { CliWorld } from '../world.ts';
import { letterJson, renderLetters } from './describe-letters.ts';

/** Messages are hidden from others while they are looked at. */
const LOOKING_SECONDS = 60;

const lettersOf = (service: TaskService, fleet: FleetName): AsyncGenerator<DeadLetter, void, undefined> =>
  readDeadLetters(
    { tasks: service.tasks, deadLetters: service.deadLetters(fleet), fleet, retry: service.retry },
    LOOKING_SECONDS,
  );

export const listLetters = async (
  service: TaskService,
  fleet: FleetName,
  { limit, json }: { readonly limit: number; readonly json?: true },
  world: CliWorld,
): Promise<ExitCode> => {
  const letters: DeadLetter[] = [];
  for await (const letter of lettersOf(service, fleet)) {
    letters.push(letter);
    if (letters.length > limit) break;
  }
  const shown = letters.slice(0, limit);
  const { dim } = picocolors.createColors(world.colour);
  if (json) world.stdout(shown.map((letter) => `${JSON.stringify(letterJson(letter))}\n`).join(''));
  else world.stdout(shown.length === 0 ? `No dead letters of fleet ${fleet}.\n` : renderLetters(shown, dim));
  if (letters.length > limit) world.stderr(`There are more than these ${limit}; --limit shows more.\n`);
  return EXIT.ok;
};

const names = (letter: DeadLetter, id: string): boolean =>
  (letter.kind === 'task' && letter.row.taskId === id) || (letter.kind === 'unknown' && letter.taskId === id);

/** The dead letters of one task, and what the ledger knows of it. */
export const showLetter = async (
  service: TaskService,
  fleet: FleetName,
  id: string,
  { json }: { readonly json?: true },
  world: CliWorld,
): Promise<ExitCode> => {
  const found: DeadLetter[] = [];
  for await (const letter of lettersOf(service, fleet)) if (names(letter, id)) found.push(letter);
  if (found.length === 0) {
    const what = `task ${printable(id, 256)}`;
    world.stderr(errorLine(what, `no dead letter of fleet ${fleet} names it`, 'look with spothop tasks show'));
    return EXIT.failedCheck;
  }
  const { dim } = picocolors.createColors(world.colour);
  if (json) {
    world.stdout(found.map((letter) => `${JSON.stringify(letterJson(letter))}\n`).join(''));
    return EXIT.ok;
  }
  world.stdout(renderLetters(found, dim));
  if (found[0]!.kind !== 'task') return EXIT.ok;
  world.stdout('\n');
  return showTask(service, id, {}, world);
};
