/**
 * Rules as resources of the template; a rule with a schedule starts to run when it is made.
 *
 * Not modelled: rules on other buses, and changing a rule in place (it is deleted and made anew).
 */
import { alwaysOpen, runSchedule } from '../schedule/run-schedule.ts';
import { AwsError, type LocalContext, type ResourceInput, type ResourceProvider } from '../service.ts';
import { optionalText } from '../template-values.ts';
import type { EventBus } from './event-bus.ts';
import { type Rule, ruleFrom } from './rule.ts';

const demandDefaultBus = ({ properties }: ResourceInput): void => {
  const bus = optionalText(properties, 'EventBusName') ?? 'default';
  if (bus === 'default' || bus.endsWith(':event-bus/default')) return;
  throw new AwsError(
    400,
    'ResourceNotFoundException',
    `Event bus ${bus} does not exist. The local cloud has the default bus only.`,
  );
};

export const ruleProvider = (context: LocalContext, bus: EventBus): ResourceProvider => {
  const running = new Map<string, AbortController>();

  const startSchedule = (rule: Rule): void => {
    if (rule.schedule === undefined || !rule.enabled) return;
    const stop = new AbortController();
    running.set(rule.name, stop);
    const signal = AbortSignal.any([stop.signal, context.signal]);
    void runSchedule(context.clock, rule.schedule, alwaysOpen, signal, (at) => bus.runScheduled(rule, at));
  };

  return {
    type: 'AWS::Events::Rule',
    create: async (input) => {
      demandDefaultBus(input);
      const rule = ruleFrom(input);
      bus.rules.set(rule.name, rule);
      startSchedule(rule);
      return { physicalId: rule.name, ref: rule.name, attributes: { Arn: rule.arn }, properties: input.properties };
    },
    delete: async ({ physicalId }) => {
      bus.rules.delete(physicalId);
      running.get(physicalId)?.abort();
      running.delete(physicalId);
    },
  };
};
