import { isTaskId } from '../../fleet/ids.ts';
import type { Content, TaskRecord } from '../../fleet/task.ts';
import { printable } from '../../signals/printable.ts';
import type { TaskService } from '../../wiring-cli.ts';
import { unpackContent } from '../../workflows/content.ts';
import { errorLine } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CliWorld } from '../world.ts';
import { describeTask, taskJson } from './describe-task.ts';

export interface ShowOptions {
  readonly body?: true;
  readonly result?: true;
  readonly json?: true;
}

/** On a terminal; --json gives all of it. */
const TEXT_CHARACTERS_MAX = 10_000;

export const unknownTask = (taskId: string): string =>
  errorLine(
    `task ${printable(taskId, 256)}`,
    'the ledger has no row of it',
    'look for it with spothop tasks list; rows stay 30 days after their end',
  );

/** What was asked for by name: a missing or changed object is told in words, not thrown at a person. */
const textOf = async ({ blobs, retry }: TaskService, content: Content | undefined): Promise<string | undefined> =>
  content === undefined ? undefined : retry(() => unpackContent(blobs, content));

const asked = async (service: TaskService, row: TaskRecord, { body, result }: ShowOptions) => ({
  ...(body && { body: await textOf(service, row.body) }),
  ...(result && { result: await textOf(service, row.result) }),
});

const renderText = (label: string, text: string | undefined): string =>
  `\n${label}:\n${text === undefined ? 'there is none' : printable(text, TEXT_CHARACTERS_MAX)}\n`;

export const showTask = async (
  service: TaskService,
  id: string,
  options: ShowOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const row = isTaskId(id) ? await service.retry(() => service.tasks.get(id)) : undefined;
  if (row === undefined) {
    world.stderr(unknownTask(id));
    return EXIT.failedCheck;
  }
  const owner = row.owner === undefined ? undefined : await service.instances.get(row.owner);
  const texts = await asked(service, row, options);
  const now = service.clock.now();
  world.stdout(
    options.json
      ? `${JSON.stringify({ ...taskJson(row, owner, now), ...texts })}\n`
      : describeTask(row, owner, now) +
          Object.entries(texts)
            .map(([label, text]) => renderText(label, text))
            .join(''),
  );
  return EXIT.ok;
};
