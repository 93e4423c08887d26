import { type FleetName, isTaskId, type TaskId } from '../../fleet/ids.ts';
import { isFinished, type TaskRecord } from '../../fleet/task.ts';
import { printable } from '../../signals/printable.ts';
import type { TaskService } from '../../wiring-cli.ts';
import { inParallel } from '../../workflows/in-parallel.ts';
import { cancelTask, type Operated, retryTask } from '../../workflows/operate-tasks.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { troubleLine } from '../trouble-line.ts';
import type { CliWorld } from '../world.ts';

export interface OperateOptions {
  readonly dryRun?: true;
  readonly json?: true;
}

/** One of the operator's steps on many tasks. */
export interface Operation {
  readonly name: 'retry' | 'cancel';
  readonly run: (service: TaskService, taskId: TaskId) => Promise<Operated>;
  readonly isAllowed: (row: TaskRecord) => boolean;
  readonly done: (operated: Done) => string;
}

type Done = Extract<Operated, { readonly outcome: 'done' }>;

const owned = ({ owner }: TaskRecord): string => (owner === undefined ? 'a machine' : owner);

export const RETRY: Operation = {
  name: 'retry',
  run: retryTask,
  isAllowed: (row) => row.status === 'dead',
  done: () => 'ready again, its failures forgotten',
};

export const CANCEL: Operation = {
  name: 'cancel',
  run: cancelTask,
  isAllowed: (row) => !isFinished(row),
  done: ({ before, isOwnerTold }) => {
    if (before.status !== 'running') return 'cancelled; it was waiting';
    const text = `cancelled; it runs on ${owned(before)}, whose result will be refused`;
    return isOwnerTold === false ? `${text}; it could not be told, and goes on until its next write` : text;
  },
};

const NOT_ALLOWED: Readonly<Record<Operation['name'], string>> = {
  retry: 'only dead tasks can be retried',
  cancel: 'it has ended already',
};

const TASKS_AT_ONCE = 16;

interface Told {
  readonly taskId: string;
  readonly outcome: Operated['outcome'] | 'failed';
  readonly text: string;
}

const UNKNOWN = 'no task of this id is known';

const tellOf = ({ name, done }: Operation, taskId: string, operated: Operated): Told => {
  const { outcome } = operated;
  if (outcome === 'done') return { taskId, outcome, text: done(operated) };
  if (outcome === 'unknown') return { taskId, outcome, text: UNKNOWN };
  return { taskId, outcome, text: `left as it is: ${operated.status}; ${NOT_ALLOWED[name]}` };
};

const dryRun = async (operation: Operation, service: TaskService, taskId: TaskId): Promise<Operated> => {
  const before = await service.retry(() => service.tasks.get(taskId));
  if (before === undefined) return { outcome: 'unknown' };
  return operation.isAllowed(before) ? { outcome: 'done', before } : { outcome: 'not-allowed', status: before.status };
};

const operateOne = async (
  operation: Operation,
  service: TaskService,
  id: string,
  { dryRun: isDryRun }: OperateOptions,
): Promise<Told> => {
  if (!isTaskId(id)) return { taskId: id, outcome: 'unknown', text: UNKNOWN };
  return tellOf(operation, id, await (isDryRun ? dryRun(operation, service, id) : operation.run(service, id)));
};

const render = ({ taskId, outcome, text }: Told, { dryRun: isDryRun, json }: OperateOptions): string => {
  if (json) return `${JSON.stringify({ taskId, outcome, ...(isDryRun && { dryRun: true }) })}\n`;
  return `${printable(taskId, 256)}: ${isDryRun && outcome === 'done' ? 'would be ' : ''}${text}\n`;
};

/** Does one step to each of the tasks and tells each as it is done. Doing it again changes nothing. */
export const operate = async (
  operation: Operation,
  service: TaskService,
  ids: readonly string[],
  options: OperateOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const results = await inParallel(ids, TASKS_AT_ONCE, async (id) => {
    const told = await operateOne(operation, service, id, options);
    world.stdout(render(told, options));
    return told;
  });
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  if (failed.length > 0) {
    const line = troubleLine(failed[0]);
    if (line === undefined) throw failed[0];
    world.stderr(line);
    world.stderr(`${failed.length} of ${ids.length} were not done; run it again: what is done stays done\n`);
    return EXIT.failedCheck;
  }
  const areAllDone = results.every((result) => result.status === 'fulfilled' && result.value.outcome === 'done');
  return areAllDone ? EXIT.ok : EXIT.failedCheck;
};

/** Dead tasks now, in one piece: the list is read whole before it is changed. */
export const allDead = async (service: TaskService, fleet: FleetName | undefined): Promise<readonly TaskId[]> => {
  const ids: TaskId[] = [];
  const query = fleet === undefined ? ({ status: 'dead' } as const) : ({ status: 'dead', fleet } as const);
  for await (const page of service.listing.list(query)) ids.push(...page.map(({ taskId }) => taskId));
  return ids;
};
