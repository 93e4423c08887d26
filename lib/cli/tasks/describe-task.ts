import { type InstanceRecord, silenceMs } from '../../fleet/instance.ts';
import { SILENCE_SECONDS_MAX } from '../../fleet/limits.ts';
import type { Checkpoint, Content, TaskRecord } from '../../fleet/task.ts';
import { type EpochMs, secondsToMs, toIso } from '../../fleet/time.ts';
import { printable } from '../../signals/printable.ts';
import { shortAge } from '../age.ts';
import { renderFacts } from '../table.ts';
import { percent } from './list-tasks.ts';

type Fact = readonly [label: string, text: string];

const REASON_CHARACTERS_MAX = 1_000;

const bytesOf = (content: Content): number =>
  'inline' in content ? Buffer.byteLength(content.inline, 'utf8') : content.bytes;

const sizeOf = (content: Content): string =>
  `${bytesOf(content).toLocaleString('en-GB')} bytes${'inline' in content ? '' : ' in S3'}`;

const ago = (at: EpochMs, now: EpochMs): string => `${toIso(at)} (${shortAge(now - at)} ago)`;

const STATUS_WORDS: Readonly<Record<TaskRecord['status'], string>> = {
  ready: 'ready: waits for a machine',
  running: 'running',
  done: 'done',
  dead: 'dead: it failed as often as it may; spothop tasks retry makes it ready again',
  cancelled: 'cancelled: nobody will run it',
};

const checkpointText = ({ sequence, content, share }: Checkpoint): string =>
  [`number ${sequence}`, sizeOf(content), ...(share === undefined ? [] : [`${percent(share)} of the work`])].join(', ');

/** Whether the machine that has the task is heard; only the control plane acts upon it. */
export type OwnerState = 'alive' | 'silent' | 'gone' | 'does-not-hold-it' | 'unknown';

export const ownerState = (row: TaskRecord, owner: InstanceRecord | undefined, now: EpochMs): OwnerState => {
  if (owner === undefined) return 'unknown';
  if (owner.goneAt !== undefined) return 'gone';
  if (owner.leases[row.taskId] !== row.attempt || owner.session !== row.session) return 'does-not-hold-it';
  return silenceMs(owner, now) >= secondsToMs(SILENCE_SECONDS_MAX) ? 'silent' : 'alive';
};

const OWNER_WORDS: Readonly<Record<OwnerState, string>> = {
  alive: 'alive, and holds it',
  silent: 'silent; the sweep releases the task within a minute',
  gone: 'gone; the sweep releases the task within a minute',
  'does-not-hold-it': 'does not hold it; unless it was taken just now, the sweep releases it',
  unknown: 'not known to the service; the sweep releases the task within a minute',
};

const ownerFacts = (row: TaskRecord, owner: InstanceRecord | undefined, now: EpochMs): Fact[] => {
  if (row.owner === undefined) return [];
  if (row.status !== 'running') return [['last owner', row.owner]];
  const heard = owner?.heartbeatAt === undefined ? '' : `, heard ${shortAge(now - owner.heartbeatAt)} ago`;
  const draining = owner?.drainingAt === undefined ? '' : ', draining';
  return [['owner', `${row.owner}: ${OWNER_WORDS[ownerState(row, owner, now)]}${heard}${draining}`]];
};

const timeFacts = ({ submittedAt, takenAt, finishedAt, checkAt }: TaskRecord, now: EpochMs): Fact[] => [
  ['submitted', ago(submittedAt, now)],
  ...(takenAt === undefined ? [] : [['taken', ago(takenAt, now)] as const]),
  ...(finishedAt === undefined ? [] : [['ended', ago(finishedAt, now)] as const]),
  ...(checkAt === undefined ? [] : [['looked at', `${toIso(checkAt)} by the sweep, at the latest`] as const]),
];

/** Everything that the row knows, in words; the texts themselves only by their size (S2). */
export const describeTask = (row: TaskRecord, owner: InstanceRecord | undefined, now: EpochMs): string =>
  renderFacts([
    ['task', row.taskId],
    ['fleet', row.fleet],
    ['status', STATUS_WORDS[row.status]],
    ...(row.reason === undefined ? [] : [['reason', printable(row.reason, REASON_CHARACTERS_MAX)] as const]),
    ['attempts', `taken ${row.attempt} ×, failed ${row.failures} ×, reclaimed ${row.reclaims} ×`],
    ...ownerFacts(row, owner, now),
    ...(row.checkpoint === undefined ? [] : [['checkpoint', checkpointText(row.checkpoint)] as const]),
    ['body', sizeOf(row.body)],
    ...(row.result === undefined ? [] : [['result', sizeOf(row.result)] as const]),
    ...timeFacts(row, now),
  ]);

/** The same for programs: no text of the task in it. */
export const taskJson = (row: TaskRecord, owner: InstanceRecord | undefined, now: EpochMs): Record<string, unknown> => {
  const { form: _form, body, result, checkpoint, checkpointBefore: _before, ...rest } = row;
  return {
    ...rest,
    bodyBytes: bytesOf(body),
    ...(result && { resultBytes: bytesOf(result) }),
    ...(checkpoint && {
      checkpoint: {
        sequence: checkpoint.sequence,
        bytes: bytesOf(checkpoint.content),
        ...(checkpoint.share !== undefined && { share: checkpoint.share }),
      },
    }),
    ...(row.status === 'running' && { ownerState: ownerState(row, owner, now) }),
  };
};
