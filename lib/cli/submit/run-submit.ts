import type { FleetName } from '../../fleet/ids.ts';
import { printable } from '../../signals/printable.ts';
import type { TaskService } from '../../wiring-cli.ts';
import { type IdRule, idRuleByPath } from '../../workflows/new-task.ts';
import { chooseFleet } from '../choose-fleet.ts';
import { errorLine, whyUnreadable } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { onService } from '../stack-options.ts';
import type { CliWorld } from '../world.ts';
import { checkAll } from './check-all.ts';
import { optionsFault, type SubmitOptions } from './options.ts';
import { findSchema } from './schema.ts';
import { sendAll } from './send-all.ts';
import { isRepeatable, type ReadRules, type Source } from './sources.ts';
import { renderSummary, type SubmitSummaryLine } from './summary.ts';

/** Everything that one run of the command works with. */
export interface SubmitRun {
  readonly world: CliWorld;
  readonly service: TaskService;
  readonly fleet: FleetName;
  readonly options: SubmitOptions;
  readonly rules: ReadRules;
  readonly interruption: AbortSignal;
}

type Opened =
  | { readonly ok: true; readonly sources: readonly Source[] }
  | { readonly ok: false; readonly error: string };

const openFiles = async (files: readonly string[], world: CliWorld): Promise<Opened> => {
  const sources: Source[] = [];
  for (const file of files) {
    try {
      sources.push({ kind: 'lines', file, bytes: await world.open(file) });
    } catch (error) {
      return {
        ok: false,
        error: errorLine(printable(file, 1_000), whyUnreadable(error), 'name a file of tasks, or -'),
      };
    }
  }
  return { ok: true, sources };
};

const openSources = async (files: readonly string[], options: SubmitOptions, world: CliWorld): Promise<Opened> => {
  const { body, bodyFile } = options;
  if (body !== undefined) return { ok: true, sources: [{ kind: 'whole', file: '--body', text: body }] };
  if (bodyFile === undefined) return openFiles(files, world);
  try {
    const text = bodyFile === '-' ? await world.stdin() : await world.readFile(bodyFile);
    return { ok: true, sources: [{ kind: 'whole', file: bodyFile, text }] };
  } catch (error) {
    return {
      ok: false,
      error: errorLine(printable(bodyFile, 1_000), whyUnreadable(error), 'name a file with one body'),
    };
  }
};

const idRuleOf = ({ id, idPath }: SubmitOptions, service: TaskService, fleet: FleetName): IdRule => {
  if (id !== undefined) return { from: 'given', id };
  return idRuleByPath(idPath ?? service.taskIdPath(fleet));
};

const tell = ({ world, options, fleet }: SubmitRun, summary: SubmitSummaryLine): void =>
  world.stdout(options.json ? `${JSON.stringify(summary)}\n` : renderSummary(fleet, summary));

/** What can be read twice is checked whole before anything is sent; a pipe is checked as it is sent. */
const submitSources = async (run: SubmitRun, sources: readonly Source[]): Promise<ExitCode> => {
  const { options } = run;
  const checkedFirst = options.dryRun ? sources : options.skipRefused ? [] : sources.filter(isRepeatable);
  const startedMs = run.world.steadyMs();
  const checked = await checkAll(run, checkedFirst, startedMs);
  const isGood = checked.code === EXIT.ok;
  const { code, summary } = options.dryRun || !isGood ? checked : await sendAll(run, sources, startedMs);
  tell(run, summary);
  return code;
};

/** `spothop submit`, once its options are read. */
export const runSubmit = async (
  files: readonly string[],
  options: SubmitOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const fault = optionsFault(files, options);
  if (fault !== undefined) {
    world.stderr(`usage: ${fault}; add --help to see what is accepted\n`);
    return EXIT.usage;
  }
  const opened = await openSources(files, options, world);
  if (!opened.ok) {
    world.stderr(opened.error);
    return EXIT.failedCheck;
  }
  return onService(world, options, async (service) => {
    const fleet = chooseFleet(service, options.fleet);
    const schema = await findSchema(fleet, options, world);
    if (!schema.ok) {
      world.stderr(schema.error);
      return EXIT.failedCheck;
    }
    const rules = { id: idRuleOf(options, service, fleet), check: schema.check };
    const run = { world, service, fleet, options, rules, interruption: world.interruption() };
    return submitSources(run, opened.sources);
  });
};
