import fc from 'fast-check';
import {
  ec2FleetId,
  fleetName,
  type InstanceId,
  instanceId,
  intentId,
  sessionId,
  type TaskId,
  taskId,
} from '../../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../../lib/fleet/instance.ts';
import type { Content, TaskRecord } from '../../../lib/fleet/task.ts';
import { epochMs } from '../../../lib/fleet/time.ts';

/** Each run has ids of its own in tables that all runs share, so that no table is made or emptied between them. */
export const taskOf = (run: number, number: number): TaskId => taskId(`run-${run}/task.${number}`);

export const instanceOf = (run: number, number: number): InstanceId =>
  instanceId(`i-${(run * 16 + number).toString(16).padStart(17, '0')}`);

export const SESSIONS = [sessionId('session-a'), sessionId('session-b'), sessionId('session-c')] as const;

export const FLEET = fleetName('encode');

export const content = (text: string): Content => ({ inline: text, sha256: `digest-of-${text}` });

/** The same, too large for its row. */
export const objectContent = (text: string): Content => ({
  objectKey: `content/digest-of-${text}`,
  sha256: `digest-of-${text}`,
  bytes: 40_000,
});

/** A row as a producer submits it. */
export const submittedRow = (id: TaskId, body = 'body'): TaskRecord => ({
  form: 1,
  taskId: id,
  fleet: FLEET,
  status: 'ready',
  attempt: 0,
  failures: 0,
  reclaims: 0,
  body: content(body),
  submittedAt: epochMs(1_000),
  checkAt: epochMs(301_000),
});

/** A machine as its launch writes it. */
export const launchedRecord = (run: number, number: number): InstanceRecord => ({
  form: 1,
  instanceId: instanceOf(run, number),
  fleet: FLEET,
  intentId: intentId('intent-1'),
  ec2FleetId: ec2FleetId('fleet-1'),
  pool: { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' },
  launchedAt: epochMs(500),
  leases: {},
  signals: {},
});

export const instants = fc.integer({ min: 1_000, max: 2_000_000 }).map(epochMs);

/** A hundred sequences over HTTP take a few seconds alone, and longer beside other work. */
export const MANY_SEQUENCES_MS = 240_000;
