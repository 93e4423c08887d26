/**
 * A rule as the template describes it.
 *
 * Not modelled: InputPath, InputTransformer, and target settings of services other than SQS and Lambda.
 */
import { arnOf, madeUpName } from '../arns.ts';
import { compileSchedule, type Schedule } from '../schedule/schedule-expression.ts';
import { AwsError, type ResourceInput } from '../service.ts';
import { isObject, object, objects, optionalText, type Properties, text } from '../template-values.ts';
import { compilePattern, type EventTest, InvalidEventPattern } from './event-pattern.ts';

export interface RuleTarget {
  readonly id: string;
  readonly arn: string;
  /** Sent instead of the event. */
  readonly input: string | undefined;
  readonly deadLetterArn: string | undefined;
}

export interface Rule {
  readonly name: string;
  readonly arn: string;
  readonly enabled: boolean;
  readonly description: string | undefined;
  readonly pattern: unknown;
  readonly matches: EventTest | undefined;
  readonly scheduleExpression: string | undefined;
  readonly schedule: Schedule | undefined;
  readonly targets: readonly RuleTarget[];
}

const refuse = (message: string): AwsError => new AwsError(400, 'ValidationException', message);

const targetFrom = (target: Properties): RuleTarget => {
  for (const name of ['InputPath', 'InputTransformer']) {
    if (target[name] !== undefined) {
      throw refuse(
        `The local cloud does not model ${name} of a rule's target. Transform the event in the receiver instead.`,
      );
    }
  }
  return {
    id: text(target, 'Id'),
    arn: text(target, 'Arn'),
    input: optionalText(target, 'Input'),
    deadLetterArn: optionalText(object(target, 'DeadLetterConfig'), 'Arn'),
  };
};

const patternFrom = (properties: Properties): unknown => {
  const pattern = properties['EventPattern'];
  return typeof pattern === 'string' ? (JSON.parse(pattern) as unknown) : pattern;
};

const compiled = (pattern: unknown): EventTest | undefined => {
  if (pattern === undefined || pattern === null) return undefined;
  try {
    return compilePattern(pattern);
  } catch (error) {
    if (error instanceof InvalidEventPattern) throw new AwsError(400, 'InvalidEventPatternException', error.message);
    throw error;
  }
};

export const ruleFrom = (input: ResourceInput): Rule => {
  const { properties } = input;
  const name = optionalText(properties, 'Name') ?? madeUpName(input.stackName, input.logicalId);
  const pattern = patternFrom(properties);
  const matches = compiled(pattern);
  const scheduleExpression = optionalText(properties, 'ScheduleExpression');
  if (matches === undefined && scheduleExpression === undefined) {
    throw refuse('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  }
  return {
    name,
    arn: arnOf('events', `rule/${name}`),
    enabled: (optionalText(properties, 'State') ?? 'ENABLED') !== 'DISABLED',
    description: optionalText(properties, 'Description'),
    pattern: isObject(pattern) ? pattern : undefined,
    matches,
    scheduleExpression,
    schedule: scheduleExpression === undefined ? undefined : compileSchedule(scheduleExpression, 'UTC'),
    targets: objects(properties, 'Targets').map(targetFrom),
  };
};
