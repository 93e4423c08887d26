import type { SessionId, TaskId } from './ids.ts';
import type { InstanceRecord } from './instance.ts';

/** Why an agent's write on its own item was not allowed. */
export type LeaseRefusal = 'no-item' | 'other-session' | 'draining' | 'leaving';

export interface Hold {
  readonly taskId: TaskId;
  readonly attempt: number;
}

/** The write happened and only its reply was lost: attempts are never given out twice, so nobody else wrote this. */
export const isHeld = (record: InstanceRecord, hold: Hold): boolean => record.leases[hold.taskId] === hold.attempt;

/**
 * What stands against a write of this session, with holds or without. Giving a task up is allowed on a machine that is
 * on its way out; taking one is not (N6). A run that is closed holds nothing either.
 */
export const leaseRefusal = (
  record: InstanceRecord | undefined,
  session: SessionId,
  holds: readonly Hold[],
): LeaseRefusal | undefined => {
  if (record === undefined) return 'no-item';
  if (record.session !== session) return 'other-session';
  if (holds.every((hold) => isHeld(record, hold))) return undefined;
  if (record.drainingAt !== undefined || record.goneAt !== undefined) return 'draining';
  return record.signals.leave === undefined ? undefined : 'leaving';
};

/** The first session to come has the machine, for as long as the item exists. */
export const sessionRefusal = (record: InstanceRecord | undefined, session: SessionId): LeaseRefusal | undefined => {
  if (record === undefined) return 'no-item';
  return record.session === undefined || record.session === session ? undefined : 'other-session';
};
