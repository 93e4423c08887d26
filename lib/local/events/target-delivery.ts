/**
 * Hands an event to one target, acting as an AWS service for the rule or schedule it came from.
 *
 * Not modelled: targets other than SQS and Lambda, and retries of a delivery: in one process a target that refuses now
 * refuses in a minute too.
 */
import { serviceOfArn } from '../arns.ts';
import type { FunctionInvoker } from '../lambda/functions.ts';
import { AwsError, type LocalContext } from '../service.ts';
import { giveUp, type Undelivered } from './dead-letter.ts';

export interface Delivery extends Undelivered {
  /** Throws AwsError when the origin may not use the target at all. */
  readonly demandPermission: () => void;
}

const send = async (context: LocalContext, functions: FunctionInvoker, delivery: Delivery): Promise<void> => {
  const { targetArn, body, originArn, sender } = delivery;
  delivery.demandPermission();
  const service = serviceOfArn(targetArn);
  if (service === 'lambda') return functions.invokeLater(targetArn, body, originArn);
  if (service !== 'sqs') {
    throw new AwsError(400, 'ValidationException', `The local cloud delivers to SQS and Lambda, not to ${targetArn}.`);
  }
  await context.queues.send(targetArn, body, sender === undefined ? {} : { sender });
};

/** Never rejects: what cannot be delivered is counted, and kept where there is a dead-letter queue. */
export const deliver = async (context: LocalContext, functions: FunctionInvoker, delivery: Delivery): Promise<void> => {
  try {
    await send(context, functions, delivery);
    context.recorder.write({ kind: 'delivery', origin: delivery.originArn, target: delivery.targetArn });
  } catch (error) {
    await giveUp(context, delivery, error);
  }
};
