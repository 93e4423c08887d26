/**
 * EventBridge's JSON 1.1 API: putting events of one's own, and looking at rules.
 *
 * Not modelled: everything that changes rules (that is the template's business), paging, endpoints.
 */
import { epochMs } from '../../fleet/time.ts';
import { arnOf } from '../arns.ts';
import { jsonAnswer, jsonError } from '../http/answers.ts';
import { jsonBody, jsonTarget, unknownOperation } from '../http/json-call.ts';
import {
  type AuthorisationCheck,
  AwsError,
  type LocalRequest,
  type LocalResponse,
  type LocalService,
} from '../service.ts';
import { isObject, objects, optionalText, type Properties, text } from '../template-values.ts';
import type { EventBus } from './event-bus.ts';
import type { Rule } from './rule.ts';

const BUS_ARN = arnOf('events', 'event-bus/default');

const describeRule = (rule: Rule): Readonly<Record<string, unknown>> => ({
  Name: rule.name,
  Arn: rule.arn,
  State: rule.enabled ? 'ENABLED' : 'DISABLED',
  Description: rule.description,
  EventPattern: rule.pattern === undefined ? undefined : JSON.stringify(rule.pattern),
  ScheduleExpression: rule.scheduleExpression,
  EventBusName: 'default',
});

const entryError = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });

const parsedDetail = (entry: Properties): Properties | undefined => {
  try {
    const detail: unknown = JSON.parse(optionalText(entry, 'Detail') ?? '');
    return isObject(detail) ? detail : undefined;
  } catch {
    return undefined;
  }
};

/** One entry's result: EventBridge refuses entries one by one, inside an answer of 200. */
const putEntry = (bus: EventBus, entry: Properties): Readonly<Record<string, unknown>> => {
  const source = optionalText(entry, 'Source');
  const detailType = optionalText(entry, 'DetailType');
  if (source === undefined)
    return entryError('InvalidArgument', 'Parameter Source is not valid. Reason: Source is a required argument.');
  if (detailType === undefined)
    return entryError(
      'InvalidArgument',
      'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
    );
  if (/^aws\./i.test(source)) return entryError('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = parsedDetail(entry);
  if (detail === undefined) return entryError('MalformedDetail', 'Detail is malformed.');
  const resources = Array.isArray(entry['Resources']) ? entry['Resources'].map(String) : [];
  const seconds = entry['Time'];
  const at = typeof seconds === 'number' ? epochMs(seconds * 1_000) : undefined;
  return { EventId: bus.put({ source, 'detail-type': detailType, resources, detail }, at) };
};

const putEvents = (bus: EventBus, body: Properties): LocalResponse => {
  const entries = objects(body, 'Entries');
  if (entries.length === 0 || entries.length > 10) {
    throw new AwsError(
      400,
      'ValidationException',
      'Entries must hold between 1 and 10 events. Send the rest in another call.',
    );
  }
  const results = entries.map((entry) => putEntry(bus, entry));
  const FailedEntryCount = results.filter((result) => 'ErrorCode' in result).length;
  return jsonAnswer({ FailedEntryCount, Entries: results }, '1.1');
};

const ruleNamed = (bus: EventBus, name: string): Rule => {
  const rule = bus.rules.get(name);
  if (rule === undefined)
    throw new AwsError(400, 'ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
  return rule;
};

const putChecks = (body: Properties): readonly AuthorisationCheck[] =>
  objects(body, 'Entries').map((entry) => ({
    action: 'events:PutEvents',
    resource: BUS_ARN,
    context: {
      'events:source': optionalText(entry, 'Source') ?? '',
      'events:detail-type': optionalText(entry, 'DetailType') ?? '',
    },
  }));

interface Operation {
  checks(body: Properties): readonly AuthorisationCheck[];
  parameters(body: Properties): Readonly<Record<string, unknown>>;
  answer(bus: EventBus, body: Properties): LocalResponse;
}

const operations: Readonly<Record<string, Operation>> = {
  PutEvents: {
    checks: putChecks,
    parameters: (body) => ({ entries: objects(body, 'Entries').length }),
    answer: putEvents,
  },
  ListRules: {
    checks: () => [{ action: 'events:ListRules', resource: arnOf('events', 'rule/*'), context: {} }],
    parameters: (body) => ({ prefix: optionalText(body, 'NamePrefix') ?? null }),
    answer: (bus, body) => {
      const prefix = optionalText(body, 'NamePrefix') ?? '';
      const rules = [...bus.rules.values()].filter(({ name }) => name.startsWith(prefix));
      return jsonAnswer({ Rules: rules.map(describeRule) }, '1.1');
    },
  },
  DescribeRule: {
    checks: (body) => [
      { action: 'events:DescribeRule', resource: arnOf('events', `rule/${text(body, 'Name')}`), context: {} },
    ],
    parameters: (body) => ({ rule: text(body, 'Name') }),
    answer: (bus, body) => jsonAnswer(describeRule(ruleNamed(bus, text(body, 'Name'))), '1.1'),
  },
};

const operationOf = (request: LocalRequest): readonly [string, Operation] => {
  const name = jsonTarget(request);
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation === undefined) throw unknownOperation('EventBridge', name);
  return [name, operation];
};

export const eventsApi = (bus: EventBus): LocalService => ({
  signingNames: ['events'],
  understand: (request) => {
    const [action, operation] = operationOf(request);
    const body = jsonBody(request);
    return { action, checks: operation.checks(body), parameters: operation.parameters(body) };
  },
  handle: async (request) => operationOf(request)[1].answer(bus, jsonBody(request)),
  error: (status, code, message) => jsonError(status, code, message, '1.1'),
});
