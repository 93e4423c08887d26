import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { type InstanceId, instanceId } from '../fleet/ids.ts';
import type { TerminateOutcome } from '../ports/machines.ts';
import { awsErrorCode, classifyAwsError } from './errors.ts';

/** EC2 takes 1,000 (B21); smaller batches keep one refusal from concerning many, and are what AWS advises. */
const BATCH_SIZE = 100;

const NOTHING: TerminateOutcome = { ended: [], notFound: [], refused: [] };

const together = (one: TerminateOutcome, other: TerminateOutcome): TerminateOutcome => ({
  ended: [...one.ended, ...other.ended],
  notFound: [...one.notFound, ...other.notFound],
  refused: [...one.refused, ...other.refused],
});

const isUnknownId = (code: string): boolean => code.startsWith('InvalidInstanceID.');

const refusedForAll = (ids: readonly InstanceId[], code: string): TerminateOutcome => ({
  ...NOTHING,
  refused: ids.map((id) => ({ instanceId: id, code })),
});

const refusedAlone = (id: InstanceId, code: string): TerminateOutcome =>
  isUnknownId(code) ? { ...NOTHING, notFound: [id] } : refusedForAll([id], code);

/** Whether asking for half of it can help. A role that may not end machines need not be asked once for each. */
const concernsSingleIds = (error: unknown): boolean => {
  const code = awsErrorCode(error);
  // Termination protection of one machine keeps the others of its zone (B21).
  return isUnknownId(code) || code === 'OperationNotPermitted';
};

/** One id that EC2 does not know keeps the whole batch from being ended (F92): halve until it stands alone. */
const endBatch = async (client: EC2Client, ids: readonly InstanceId[]): Promise<TerminateOutcome> => {
  try {
    const { TerminatingInstances = [] } = await client.send(new TerminateInstancesCommand({ InstanceIds: [...ids] }));
    return { ...NOTHING, ended: TerminatingInstances.map(({ InstanceId: id }) => instanceId(id!)) };
  } catch (error) {
    if (classifyAwsError(error) === 'authorisation') return refusedForAll(ids, awsErrorCode(error));
    if (!concernsSingleIds(error)) throw error;
    if (ids.length === 1) return refusedAlone(ids[0]!, awsErrorCode(error));
    const middle = Math.ceil(ids.length / 2);
    return together(await endBatch(client, ids.slice(0, middle)), await endBatch(client, ids.slice(middle)));
  }
};

/** Ends machines. Repeating it is harmless: EC2 answers for a machine that is ending as for one that was running. */
export const terminateInstances = async (client: EC2Client, ids: readonly InstanceId[]): Promise<TerminateOutcome> => {
  let outcome = NOTHING;
  for (let start = 0; start < ids.length; start += BATCH_SIZE) {
    outcome = together(outcome, await endBatch(client, ids.slice(start, start + BATCH_SIZE)));
  }
  return outcome;
};
