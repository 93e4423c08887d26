import type { FleetName } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { Life } from '../life/life.ts';
import type { Deeds, Seen } from './deeds.ts';
import { type Neglect, neglect } from './neglect.ts';
import { SILENT_MS, silentMs } from './what-items-say.ts';

/** A new task waits for its turn for so long before another message is sent for it. */
const QUEUED_MS_MAX = 21_600_000;

/** Only for messages that wait for the same fleet is a ready task put off, and only one that nobody has ever taken. */
const wronglyPutOff = ({ putOff }: Deeds): Neglect[] =>
  putOff.flatMap(({ taskId, attempt, waiting }) => {
    if (waiting === undefined || waiting === 0)
      return [neglect('W4', `${taskId} is put off, and nothing is known to wait for its fleet`)];
    return attempt > 0 ? [neglect('W4', `${taskId} was taken before, and is put off like a new one`)] : [];
  });

/** While messages wait, one of them is a new task's own: a second would be counted as work, and machines be bought for it. */
const needlesslySent = ({ sentAgain }: Deeds): Neglect[] =>
  sentAgain
    .filter(({ attempt, waiting, ageMs }) => attempt === 0 && (waiting ?? 0) > 0 && ageMs < QUEUED_MS_MAX)
    .map(({ taskId, waiting }) => neglect('O2', `${taskId} is new and sent again, while ${waiting} messages wait`));

/** Each sending puts its next look off by so much, and nothing is sent again within it. */
const SENT_MS = 300_000;

/** A message takes no longer than this to be shown to whoever asks. */
const SHOWN_MS = 30_000;

/** Since when its message, had it one, could have been received; only a new task is looked at later than that. */
const shownSince = ({ attempt, submittedAt, checkAt = submittedAt }: TaskRecord, now: EpochMs): number => {
  const sentAt = checkAt - SENT_MS;
  return attempt === 0 && sentAt > now ? submittedAt : Math.max(submittedAt, sentAt);
};

const isLong = (since: number, now: EpochMs, longMs: number): boolean => now - since >= longMs;

/** Whoever had read it knew then that somebody could have taken it, had it a message. */
const couldBeTaken = ({ value: read }: Seen<TaskRecord>, at: EpochMs): boolean =>
  read.status === 'ready' && isLong(shownSince(read, at), at, SHOWN_MS);

const laterOf = ({ laterRows }: Deeds, fleet: FleetName): readonly Seen<TaskRecord>[] =>
  [...laterRows.values()].filter(({ value }) => value.fleet === fleet);

/** Its row says that a message was sent, and puts the next look off: not even where the call that was to send it failed. */
export const notedUnsent = ({ sentAgain, sentAhead, sent }: Deeds): Neglect[] =>
  [...sentAgain, ...sentAhead]
    .filter(({ taskId }) => !sent.has(taskId))
    .map(({ taskId }) => neglect('W4', `${taskId} is noted as sent again, and no message was`));

/** Of so many tasks that are ready only those have no message for which none can wait. */
const needlesslySentAhead = (deeds: Deeds): Neglect[] =>
  [...Map.groupBy(deeds.sentAhead, ({ fleet }) => fleet)].flatMap(([fleet, sent]) => {
    const { at, waiting = 0 } = sent.at(-1)!;
    const ready = laterOf(deeds, fleet).filter((seen) => couldBeTaken(seen, at)).length;
    return sent.length > Math.max(0, ready - waiting)
      ? [neglect('O2', `${sent.length} of ${ready} ready tasks are sent again, while ${waiting} messages wait`)]
      : [];
  });

/** More are ready than messages wait for their fleet, so one of them has none: whoever looked need not wait until it is due. */
const leftForgotten = (life: Life, deeds: Deeds, watched: ReadonlySet<FleetName>): Neglect[] =>
  [...deeds.waitingMost].flatMap(([fleet, waiting]) => {
    if (watched.has(fleet)) return [];
    const left = laterOf(deeds, fleet).filter((seen) => {
      const { value: read, at } = seen;
      const now = life.memory.tasks.rows.get(read.taskId);
      const isAsRead = now?.status === 'ready' && now.attempt === read.attempt && now.checkAt === read.checkAt;
      return isAsRead && couldBeTaken(seen, at) && isLong(read.sentAgainAt ?? 0, at, SENT_MS);
    });
    if (left.length <= waiting) return [];
    const found = `${left.length} tasks are ready, ${waiting} messages wait, and none is sent for`;
    return left.map(({ value }) => neglect('W4', `${found} ${value.taskId}`));
  });

/** A heartbeat never goes back: whoever was silent when its item was read last had been so at the look at the row. */
const leftWithTheSilent = (life: Life, { rows, records }: Deeds, watched: ReadonlySet<FleetName>): Neglect[] =>
  [...rows].flatMap(([id, { value: read, at }]) => {
    const owner = read.owner === undefined ? undefined : records.get(read.owner)?.value;
    const isDue = read.status === 'running' && read.checkAt !== undefined && read.checkAt <= at;
    if (!isDue || owner === undefined || watched.has(read.fleet) || silentMs(owner, at) < SILENT_MS) return [];
    const now = life.memory.tasks.rows.get(id);
    const isStill = now?.status === 'running' && now.attempt === read.attempt && now.owner === read.owner;
    return isStill ? [neglect('W4', `${id} was due, and is left with ${read.owner}, which is silent`)] : [];
  });

/** What a sweep owes the rows that it has looked at. */
export const judgeSweep = (life: Life, deeds: Deeds, watched: ReadonlySet<FleetName>): readonly Neglect[] => [
  ...wronglyPutOff(deeds),
  ...needlesslySent(deeds),
  ...needlesslySentAhead(deeds),
  ...notedUnsent(deeds),
  ...leftWithTheSilent(life, deeds, watched),
  ...leftForgotten(life, deeds, watched),
];
