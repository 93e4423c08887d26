import { type EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { type InstanceId, instanceId } from '../fleet/ids.ts';
import type { TerminateOutcome } from '../ports/machines.ts';
import { awsErrorCode, classifyAwsError } from './errors.ts';
import { askInBatches, type Verdict } from './halving.ts';

/** EC2 takes 1,000 (B21); smaller batches keep one refusal from concerning many, and are what AWS advises. */
const BATCH_SIZE = 100;

const NOTHING: TerminateOutcome = { ended: [], notFound: [], refused: [] };

const isUnknownId = (code: string): boolean => code.startsWith('InvalidInstanceID.');

const refusedForAll = (ids: readonly InstanceId[], code: string): TerminateOutcome => ({
  ...NOTHING,
  refused: ids.map((id) => ({ instanceId: id, code })),
});

const refusedAlone = (id: InstanceId, code: string): TerminateOutcome =>
  isUnknownId(code) ? { ...NOTHING, notFound: [id] } : refusedForAll([id], code);

/** Whether asking for half of it can help. A role that may not end machines need not be asked once for each. */
const concernsSingleIds = (code: string): boolean =>
  // Termination protection of one machine keeps the others of its zone (B21).
  isUnknownId(code) || code === 'OperationNotPermitted';

const judge = (error: unknown): Verdict<TerminateOutcome> => {
  const code = awsErrorCode(error);
  if (classifyAwsError(error) === 'authorisation') return { of: 'all', answer: (ids) => refusedForAll(ids, code) };
  return concernsSingleIds(code) ? { of: 'one', answer: ([id]) => refusedAlone(id!, code) } : { of: 'call' };
};

/**
 * Ends machines. Repeating it is harmless: EC2 answers for a machine that is ending as for one that was running. One id
 * that EC2 does not know keeps the whole batch from being ended (F92).
 */
export const terminateInstances = async (client: EC2Client, ids: readonly InstanceId[]): Promise<TerminateOutcome> => {
  const outcomes = await askInBatches<TerminateOutcome>(ids, {
    batchSize: BATCH_SIZE,
    ask: async (some) => {
      const command = new TerminateInstancesCommand({ InstanceIds: [...some] });
      const { TerminatingInstances = [] } = await client.send(command);
      return { ...NOTHING, ended: TerminatingInstances.map(({ InstanceId: id }) => instanceId(id!)) };
    },
    judge,
  });
  return {
    ended: outcomes.flatMap(({ ended }) => ended),
    notFound: outcomes.flatMap(({ notFound }) => notFound),
    refused: outcomes.flatMap(({ refused }) => refused),
  };
};
