/**
 * CloudFormation, as far as `serverless deploy`, `info` and `remove` ask for it, directly or by change sets.
 *
 * What it does not model: paging (every answer is whole), stack policies, termination protection, drift, exports between
 * stacks, refusing an update while a rollback runs (it waits its turn instead), and what apply.ts and intrinsics.ts name.
 */
import { queryAnswer, queryError } from '../http/answers.ts';
import { parseAwsQuery, type QueryObject, queryObjects, queryString } from '../http/aws-query.ts';
import type { XmlValue } from '../http/xml.ts';
import { AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type LocalService, type ObjectAccess } from '../service.ts';
import type { ChangeSets } from './change-sets.ts';
import {
  describeChangeSet,
  describeEvent,
  describeResource,
  describeStack,
  summariseResource,
} from './descriptions.ts';
import type { StackEngine, StackRequest } from './engine.ts';
import { parseTemplate, validationError } from './template.ts';

export interface CloudFormationParts {
  readonly engine: StackEngine;
  readonly changeSets: ChangeSets;
  readonly objects: ObjectAccess;
}

type Answer = Readonly<Record<string, XmlValue>>;
type Action = (parts: CloudFormationParts, input: QueryObject) => Answer;

const required = (input: QueryObject, name: string): string => {
  const value = queryString(input, name);
  if (value === undefined) throw validationError(`${name} is required`);
  return value;
};

/** `https://s3.amazonaws.com/BUCKET/KEY`: the host does not matter here, the path does. */
const templateAt = (objects: ObjectAccess, url: string): string => {
  const [bucket = '', ...key] = new URL(url).pathname.slice(1).split('/').map(decodeURIComponent);
  const body = objects.get(bucket, key.join('/'));
  if (body === undefined) throw validationError(`S3 error: the template ${bucket}/${key.join('/')} does not exist`);
  return body.toString();
};

const templateOf = (parts: CloudFormationParts, input: QueryObject): string => {
  const url = queryString(input, 'TemplateURL');
  if (url !== undefined) return templateAt(parts.objects, url);
  const body = queryString(input, 'TemplateBody');
  if (body !== undefined) return body;
  if (input['UsePreviousTemplate'] === 'true') return parts.engine.get(required(input, 'StackName')).templateText;
  throw validationError('Either Template URL or Template Body must be specified.');
};

const stackRequest = (parts: CloudFormationParts, input: QueryObject): StackRequest => {
  const stackName = required(input, 'StackName');
  const previous = parts.engine.find(stackName)?.givenParameters;
  const parameters = queryObjects(input, 'Parameters').map((parameter): [string, string] => {
    const key = required(parameter, 'ParameterKey');
    const kept = parameter['UsePreviousValue'] === 'true' ? previous?.get(key) : undefined;
    return [key, kept ?? queryString(parameter, 'ParameterValue') ?? ''];
  });
  const tags = queryObjects(input, 'Tags').map((tag) => ({
    Key: required(tag, 'Key'),
    Value: queryString(tag, 'Value') ?? '',
  }));
  return { stackName, templateText: templateOf(parts, input), parameters: new Map(parameters), tags };
};

const failurePolicy = (input: QueryObject): 'DELETE' | 'ROLLBACK' | 'DO_NOTHING' => {
  if (input['OnFailure'] === 'DELETE') return 'DELETE';
  return input['OnFailure'] === 'DO_NOTHING' || input['DisableRollback'] === 'true' ? 'DO_NOTHING' : 'ROLLBACK';
};

const stackOf = (parts: CloudFormationParts, input: QueryObject) => parts.engine.get(required(input, 'StackName'));

const resourceOf = (parts: CloudFormationParts, input: QueryObject): Answer => {
  const stack = stackOf(parts, input);
  const logicalId = required(input, 'LogicalResourceId');
  const resource = stack.resources.get(logicalId);
  if (resource === undefined) throw validationError(`Resource ${logicalId} does not exist for stack ${stack.name}`);
  return { StackResourceDetail: describeResource(stack, resource) };
};

const describeStacks: Action = (parts, input) => {
  const name = queryString(input, 'StackName');
  const stacks = name === undefined ? parts.engine.all() : [parts.engine.get(name)];
  return { Stacks: stacks.map(describeStack) };
};

const describeEvents: Action = (parts, input) => {
  const stack = parts.engine.get(required(input, 'StackName'));
  return { StackEvents: stack.events.toReversed().map((event) => describeEvent(stack, event)) };
};

const validateTemplate: Action = (parts, input) => {
  const template = parseTemplate(templateOf(parts, input));
  return {
    Description: template.Description,
    Parameters: Object.entries(template.Parameters ?? {}).map(([ParameterKey, parameter]) => ({
      ParameterKey,
      DefaultValue: parameter.Default === undefined ? undefined : String(parameter.Default),
    })),
    Capabilities: ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM'],
  };
};

const ACTIONS: Readonly<Record<string, Action>> = {
  CreateStack: (parts, input) => ({
    StackId: parts.engine.create(stackRequest(parts, input), failurePolicy(input)).id,
  }),
  UpdateStack: (parts, input) => ({ StackId: parts.engine.update(stackRequest(parts, input)).id }),
  DeleteStack: (parts, input) => {
    parts.engine.delete(required(input, 'StackName'));
    return {};
  },
  DescribeStacks: describeStacks,
  ListStacks: (parts) => ({
    StackSummaries: parts.engine.all().map(({ id, name, status, createdAt }) => ({
      StackId: id,
      StackName: name,
      StackStatus: status,
      CreationTime: new Date(createdAt).toISOString(),
    })),
  }),
  DescribeStackEvents: describeEvents,
  DescribeStackResource: resourceOf,
  DescribeStackResources: (parts, input) => {
    const stack = stackOf(parts, input);
    return { StackResources: [...stack.resources.values()].map((resource) => describeResource(stack, resource)) };
  },
  ListStackResources: (parts, input) => ({
    StackResourceSummaries: [...stackOf(parts, input).resources.values()].map(summariseResource),
  }),
  GetTemplate: (parts, input) => ({ TemplateBody: stackOf(parts, input).templateText }),
  ValidateTemplate: validateTemplate,
  CreateChangeSet: (parts, input) => {
    const type = queryString(input, 'ChangeSetType') ?? 'UPDATE';
    const set = parts.changeSets.create(required(input, 'ChangeSetName'), type, stackRequest(parts, input));
    return { Id: set.id, StackId: set.stackId };
  },
  DescribeChangeSet: (parts, input) =>
    describeChangeSet(parts.changeSets.get(queryString(input, 'StackName') ?? '', required(input, 'ChangeSetName'))),
  DeleteChangeSet: (parts, input) => {
    parts.changeSets.delete(queryString(input, 'StackName') ?? '', required(input, 'ChangeSetName'));
    return {};
  },
  ExecuteChangeSet: (parts, input) => {
    parts.changeSets.execute(queryString(input, 'StackName') ?? '', required(input, 'ChangeSetName'));
    return {};
  },
};

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

export const cloudFormationService = (parts: CloudFormationParts): LocalService => ({
  signingNames: ['cloudformation'],
  understand: (request) => {
    const input = parseAwsQuery(request.body);
    const action = queryString(input, 'Action') ?? 'none';
    if (ACTIONS[action] === undefined) {
      throw new AwsError(
        400,
        'InvalidAction',
        `The local CloudFormation does not serve ${action}; it serves ${Object.keys(ACTIONS).join(', ')}.`,
      );
    }
    const stackName = queryString(input, 'StackName');
    const resource = `arn:aws:cloudformation:${LOCAL_REGION}:${LOCAL_ACCOUNT}:stack/${stackName ?? '*'}/*`;
    return {
      action: `cloudformation:${action}`,
      checks: [{ action: `cloudformation:${action}`, resource, context: {} }],
      parameters: stackName === undefined ? {} : { stack: stackName },
    };
  },
  handle: async (request) => {
    const input = parseAwsQuery(request.body);
    const action = queryString(input, 'Action') ?? '';
    return queryAnswer(action, NAMESPACE, ACTIONS[action]?.(parts, input) ?? {});
  },
  error: queryError,
});
