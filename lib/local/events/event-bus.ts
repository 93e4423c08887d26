/**
 * The default event bus: events in, rules matched, targets called.
 *
 * Not modelled: other buses, archives and replays, the bus's own policy, doubled or late events (a caller that wants those
 * puts the event twice, or later).
 */
import { randomUUID } from 'node:crypto';
import type { EpochMs } from '../../fleet/time.ts';
import type { FunctionInvoker } from '../lambda/functions.ts';
import { AwsError, type AwsEvent, LOCAL_ACCOUNT, LOCAL_REGION, type LocalContext } from '../service.ts';
import type { Rule, RuleTarget } from './rule.ts';
import { deliver } from './target-delivery.ts';

export const EVENTS_PRINCIPAL = 'events.amazonaws.com';

/** An event as rules and targets see it. */
export interface BusEvent extends AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly account: string;
  /** Whole seconds, as EventBridge writes it. */
  readonly time: string;
  readonly region: string;
}

export interface EventBus {
  readonly rules: Map<string, Rule>;
  /** Puts an event on the bus and answers its id. Delivery goes on behind. */
  put(event: AwsEvent, at?: EpochMs): string;
  /** Calls a rule's targets because its schedule says so. */
  runScheduled(rule: Rule, at: EpochMs): void;
  /** Resolves when everything put so far has been handed over. */
  settled(): Promise<void>;
}

const eventTime = (at: EpochMs): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

export const createEventBus = (context: LocalContext, functions: FunctionInvoker): EventBus => {
  const rules = new Map<string, Rule>();
  const underWay = new Set<Promise<void>>();

  const complete = (event: AwsEvent, at: EpochMs): BusEvent => ({
    version: '0',
    id: randomUUID(),
    'detail-type': event['detail-type'],
    source: event.source,
    account: LOCAL_ACCOUNT,
    time: eventTime(at),
    region: LOCAL_REGION,
    resources: event.resources,
    detail: event.detail,
  });

  const demandPermission = (rule: Rule, target: RuleTarget) => (): void => {
    if (!target.arn.startsWith('arn:aws:lambda:') || functions.permits(target.arn, EVENTS_PRINCIPAL, rule.arn)) return;
    throw new AwsError(
      403,
      'AccessDeniedException',
      `${EVENTS_PRINCIPAL} may not invoke ${target.arn} for ${rule.arn}. Add an AWS::Lambda::Permission with that SourceArn.`,
    );
  };

  const callTarget = (rule: Rule, target: RuleTarget, body: string): void => {
    const delivery = deliver(context, functions, {
      originName: 'RULE_ARN',
      originArn: rule.arn,
      targetArn: target.arn,
      sender: { principal: EVENTS_PRINCIPAL, sourceArn: rule.arn },
      body: target.input ?? body,
      deadLetter:
        target.deadLetterArn === undefined
          ? undefined
          : { arn: target.deadLetterArn, demandPermission: () => undefined },
      demandPermission: demandPermission(rule, target),
    }).finally(() => underWay.delete(delivery));
    underWay.add(delivery);
  };

  const callTargets = (rule: Rule, event: BusEvent): void => {
    const body = JSON.stringify(event);
    for (const target of rule.targets) callTarget(rule, target, body);
  };

  return {
    rules,
    put: (event, at = event.at ?? context.clock.now()) => {
      const whole = complete(event, at);
      const matching = [...rules.values()].filter((rule) => rule.enabled && (rule.matches?.(whole) ?? false));
      context.recorder.write({
        kind: 'event',
        id: whole.id,
        source: whole.source,
        detailType: whole['detail-type'],
        resources: whole.resources,
        rules: matching.map(({ name }) => name),
      });
      for (const rule of matching) callTargets(rule, whole);
      return whole.id;
    },
    runScheduled: (rule, at) => {
      const scheduled = { source: 'aws.events', 'detail-type': 'Scheduled Event', resources: [rule.arn], detail: {} };
      callTargets(rule, complete(scheduled, at));
    },
    settled: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
};
