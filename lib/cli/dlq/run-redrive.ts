import { type FleetName, isTaskId, type TaskId } from '../../fleet/ids.ts';
import { printable } from '../../signals/printable.ts';
import type { TaskService } from '../../wiring-cli.ts';
import { type Redriven, redrive } from '../../workflows/redrive.ts';
import { hasConsent } from '../consent.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { grouped } from '../submit/summary.ts';
import { troubleLine } from '../trouble-line.ts';
import type { CliWorld } from '../world.ts';

export interface RunRedriveOptions {
  readonly all?: true;
  readonly rate: number;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

type Outcome = Redriven['outcome'];

const WORDS: Readonly<Record<Exclude<Outcome, 'not-chosen'>, readonly [done: string, would: string]>> = {
  retried: ['was dead; ready again and sent', 'is dead; would be made ready again and sent'],
  'brought-back': ['was not dead; sent again', 'is not dead; would be sent again'],
  removed: ['needs nothing more; the message is removed', 'needs nothing more; the message would be removed'],
  'left-unknown': ['is not known to the ledger of this fleet; left alone', 'is not known; would be left alone'],
  'left-foreign': ['is no message of ours; left alone', 'is no message of ours; would be left alone'],
};

type Counts = Record<Outcome, number>;

const noCounts = (): Counts => ({
  retried: 0,
  'brought-back': 0,
  removed: 0,
  'left-unknown': 0,
  'left-foreign': 0,
  'not-chosen': 0,
});

const render = ({ outcome, taskId, messageId, status }: Redriven, { json, dryRun }: RunRedriveOptions): string => {
  if (outcome === 'not-chosen') return '';
  if (json) return `${JSON.stringify({ outcome, messageId, taskId, status, ...(dryRun && { dryRun }) })}\n`;
  const what = taskId ?? `message ${printable(messageId, 100)}`;
  return `${what}: ${WORDS[outcome][dryRun ? 1 : 0]}\n`;
};

const summaryOf = (counts: Counts, isDryRun: boolean): string => {
  const { retried, removed } = counts;
  const left = counts['left-foreign'] + counts['left-unknown'];
  const figures = [
    `${grouped(retried)} retried`,
    `${grouped(counts['brought-back'])} brought back`,
    `${grouped(removed)} removed`,
    ...(left > 0 ? [`${grouped(left)} left alone`] : []),
  ].join(', ');
  return `${isDryRun ? `Would have: ${figures}; nothing was changed` : figures}.\n`;
};

const missing = (ids: readonly string[], seen: ReadonlySet<string>): readonly string[] =>
  ids.filter((id) => !seen.has(id));

const AGAIN = 'run it again to go on; nothing is done twice, and what was not reached is still there';

const consents = async (service: TaskService, fleet: FleetName, options: RunRedriveOptions, world: CliWorld) => {
  if (!options.all || options.dryRun) return true;
  const { waiting } = await service.retry(() => service.deadLetters(fleet).backlog());
  return hasConsent(world, `Redrive about ${grouped(waiting)} dead letters of fleet ${fleet}?`, options.yes === true);
};

const codeOf = (counts: Counts, notFound: number, interruption: AbortSignal): ExitCode => {
  if (interruption.aborted) return EXIT.interrupted;
  return notFound + counts['left-foreign'] + counts['left-unknown'] === 0 ? EXIT.ok : EXIT.failedCheck;
};

/** `spothop dlq redrive`, once its options are read. */
export const runRedrive = async (
  service: TaskService,
  fleet: FleetName,
  ids: readonly string[],
  options: RunRedriveOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  if (!(await consents(service, fleet, options, world))) {
    world.stderr('Nothing was done.\n');
    return EXIT.failedCheck;
  }
  const counts = noCounts();
  const seen = new Set<string>();
  const signal = world.interruption();
  const taskIds = options.all ? {} : { taskIds: new Set<TaskId>(ids.filter(isTaskId)) };
  const chosen = { fleet, ratePerSecond: options.rate, isDryRun: options.dryRun === true, signal, ...taskIds };
  try {
    for await (const redriven of redrive(service, chosen)) {
      counts[redriven.outcome] += 1;
      if (redriven.taskId !== undefined) seen.add(redriven.taskId);
      world.stdout(render(redriven, options));
    }
  } catch (error) {
    const line = troubleLine(error);
    if (line === undefined) throw error;
    world.stderr(`${line}stopped: ${summaryOf(counts, false)}${AGAIN}\n`);
    return EXIT.failedCheck;
  }
  world.stderr(summaryOf(counts, options.dryRun === true));
  if (signal.aborted) world.stderr(`interrupted: ${AGAIN}\n`);
  const notFound = options.all || signal.aborted ? [] : missing(ids, seen);
  for (const id of notFound) world.stderr(`${printable(id, 256)}: no dead letter of fleet ${fleet} names it\n`);
  return codeOf(counts, notFound.length, signal);
};
