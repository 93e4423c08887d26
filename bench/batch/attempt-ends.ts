import type { RecordLine } from '../../lib/local/service.ts';
import type { AttemptEnd } from './count-records.ts';

interface Parameters {
  readonly table?: string;
  readonly key?: Readonly<Record<string, string>>;
  readonly update?: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
}

/** What an update of a task's row does, read as docs/record-format-tasks.md says. */
const readUpdate = ({ update = '', names = {}, values = {} }: Parameters) => {
  const [set = ''] = update.split(/\bREMOVE\b/);
  const sets: Record<string, unknown> = {};
  const grows = new Set<string>();
  for (const [, name = '', grown, value = ''] of set.matchAll(/(#\w+) = (?:(#\w+) \+ )?(:\w+)/g)) {
    if (grown === undefined) sets[names[name] ?? ''] = values[value];
    else grows.add(names[name] ?? '');
  }
  return { status: sets['status'], grows };
};

const endOf = ({ status, grows }: ReturnType<typeof readUpdate>, caller: string): AttemptEnd | undefined => {
  if (grows.has('reclaims')) return caller.includes('InstanceRole') ? 'handed back' : 'released';
  if (grows.has('failures')) return 'failed';
  return status === 'ready' ? 'put back' : undefined;
};

/** How every attempt of every task ended that was not its last, by the record of the run alone. */
export const attemptEnds = (lines: readonly RecordLine[]): ReadonlyMap<string, ReadonlyMap<number, AttemptEnd>> => {
  const attempts = new Map<string, number>();
  const ends = new Map<string, Map<number, AttemptEnd>>();
  for (const line of lines) {
    const parameters = (line['parameters'] ?? {}) as Parameters;
    const isOfTask = parameters.table?.includes('TasksTable') && line['action'] === 'dynamodb:UpdateItem';
    if (!isOfTask || line['outcome'] !== 'ok') continue;
    const id = parameters.key?.['taskId'] ?? '';
    const update = readUpdate(parameters);
    if (update.grows.has('attempt')) attempts.set(id, (attempts.get(id) ?? 0) + 1);
    const end = endOf(update, String(line['caller']));
    if (end === undefined) continue;
    ends.set(id, (ends.get(id) ?? new Map()).set(attempts.get(id) ?? 0, end));
  }
  return ends;
};
