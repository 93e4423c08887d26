import { sessionId } from '../../../../fleet/ids.ts';
import type { TaskRecord } from '../../../../fleet/task.ts';
import { FLEET, ID, inSeconds, TASKS } from '../machines/told-machines.ts';

/** A task that runs under its third attempt, once failed and once reclaimed; when it is looked at is not said. */
export const RUNNING: TaskRecord = {
  form: 1,
  taskId: TASKS[0]!,
  fleet: FLEET,
  status: 'running',
  attempt: 3,
  owner: ID,
  session: sessionId('session-1'),
  failures: 1,
  reclaims: 1,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: inSeconds(-9_000),
};
