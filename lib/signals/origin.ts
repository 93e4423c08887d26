import type { AwsEvent } from './aws-event.ts';
import { described } from './printable.ts';

const ACCOUNT_ID = /^\d{12}$/;
const REGION_NAME = /^[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;

export const isAccountId = (value: unknown): value is string => typeof value === 'string' && ACCOUNT_ID.test(value);

/** `eu-central-1`, `us-gov-west-1`, `us-isob-east-1`. */
export const isRegionName = (value: unknown): value is string => typeof value === 'string' && REGION_NAME.test(value);

/** Said out loud by a caller that takes events from anywhere, as a check by hand does; never a default. */
export const ANY: unique symbol = Symbol('any');

/** Where the receiver lives. An event from elsewhere has no effect here (S1). */
export interface ExpectedOrigin {
  readonly account: string | typeof ANY;
  readonly region: string | typeof ANY;
}

/**
 * Where an event says it comes from. Always both for an EventBridge event; a lifecycle hook that Auto Scaling sends
 * straight to a queue names no region and not always an account: there the queue's own policy decides.
 */
export interface ClaimedOrigin {
  readonly account?: string;
  readonly region?: string;
}

const differs = (expected: string | typeof ANY, claimed: unknown): boolean =>
  expected !== ANY && claimed !== undefined && claimed !== expected;

/**
 * A Health event is delivered to its own region and to a backup one, and for an organisation to the management account;
 * what it is about stands in its detail
 * (https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html).
 */
const impactedOf = ({ source, detail, origin }: AwsEvent): { account: unknown; region: unknown } => {
  const impacted = source === 'aws.health' ? detail : {};
  return {
    account: impacted['affectedAccount'] ?? origin.account,
    region: impacted['eventRegion'] ?? origin.region,
  };
};

/** Why this event is none of ours, or undefined when it is. */
export const refusalOf = (event: AwsEvent, expected: ExpectedOrigin): string | undefined => {
  const impacted = impactedOf(event);
  for (const account of [event.origin.account, impacted.account]) {
    if (differs(expected.account, account)) return `from account ${described(account)}, which is not ours`;
  }
  return differs(expected.region, impacted.region)
    ? `from region ${described(impacted.region)}, which is not ours`
    : undefined;
};
