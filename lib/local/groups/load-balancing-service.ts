/**
 * Target groups of load balancers as the local cloud serves them: machines are registered and deregistered.
 *
 * Not modelled: load balancers, listeners, requests, health checks (a target is healthy at once), the deregistration
 * delay, targets on other ports than their group's, and every other action. A parameter that is not read is ignored.
 */
import { arnOf } from '../arns.ts';
import { queryAnswer, queryError } from '../http/answers.ts';
import { parseAwsQuery, type QueryObject, queryObjects, queryString } from '../http/aws-query.ts';
import type { XmlValue } from '../http/xml.ts';
import { AwsError, type LocalService } from '../service.ts';

const NAMESPACE = 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/';

interface TargetGroup {
  readonly name: string;
  readonly arn: string;
  readonly port: number;
  readonly targets: Set<string>;
}

/** What a target group needs of the world: whether a target exists, and ids. */
export interface TargetWorld {
  readonly newUuid: () => string;
  readonly isKnown: (instanceId: string) => boolean;
}

type Groups = Map<string, TargetGroup>;
type Answer = (groups: Groups, query: QueryObject, world: TargetWorld) => Readonly<Record<string, XmlValue>>;

const required = (query: QueryObject, name: string): string => {
  const value = queryString(query, name);
  if (value !== undefined) return value;
  throw new AwsError(400, 'ValidationError', `${name} must not be null`);
};

const groupOf = (groups: Groups, query: QueryObject): TargetGroup => {
  const arn = required(query, 'TargetGroupArn');
  const group = groups.get(arn);
  if (group) return group;
  throw new AwsError(400, 'TargetGroupNotFound', `Target groups '${arn}' not found`);
};

const targetsOf = (query: QueryObject, world: TargetWorld): string[] => {
  const ids = queryObjects(query, 'Targets').map((target) => required(target, 'Id'));
  if (ids.length === 0) throw new AwsError(400, 'ValidationError', 'At least one target must be specified');
  const unknown = ids.filter((id) => !world.isKnown(id));
  if (unknown.length === 0) return ids;
  throw new AwsError(400, 'InvalidTarget', `The following targets are not valid instances: '${unknown.join("', '")}'`);
};

const newArn = (world: TargetWorld, name: string): string =>
  arnOf('elasticloadbalancing', `targetgroup/${name}/${world.newUuid().replaceAll('-', '').slice(0, 16)}`);

const ANSWERS: Readonly<Record<string, Answer>> = {
  CreateTargetGroup: (groups, query, world) => {
    const name = required(query, 'Name');
    const group = {
      name,
      arn: newArn(world, name),
      port: Number(queryString(query, 'Port') ?? 80),
      targets: new Set<string>(),
    };
    groups.set(group.arn, group);
    const described = { TargetGroupArn: group.arn, TargetGroupName: name, Port: group.port, TargetType: 'instance' };
    return { TargetGroups: [described] };
  },
  RegisterTargets: (groups, query, world) => {
    for (const id of targetsOf(query, world)) groupOf(groups, query).targets.add(id);
    return {};
  },
  // A target that is not registered is let go all the same.
  DeregisterTargets: (groups, query, world) => {
    const group = groupOf(groups, query);
    for (const id of targetsOf(query, world)) group.targets.delete(id);
    return {};
  },
  DescribeTargetHealth: (groups, query) => {
    const { targets, port } = groupOf(groups, query);
    return {
      TargetHealthDescriptions: [...targets].map((Id) => ({
        Target: { Id, Port: port },
        HealthCheckPort: String(port),
        TargetHealth: { State: 'healthy' },
      })),
    };
  },
};

const actionOf = (query: QueryObject): string => {
  const action = queryString(query, 'Action') ?? 'none';
  if (Object.hasOwn(ANSWERS, action)) return action;
  const served = Object.keys(ANSWERS).join(', ');
  throw new AwsError(400, 'InvalidAction', `The local load balancing serves ${served}, not ${action}.`);
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html */
const resourceOf = (action: string, query: QueryObject): string => {
  if (action.startsWith('Describe')) return '*';
  return (
    queryString(query, 'TargetGroupArn') ?? arnOf('elasticloadbalancing', `targetgroup/${queryString(query, 'Name')}/*`)
  );
};

export const loadBalancingService = (world: TargetWorld): LocalService => {
  const groups: Groups = new Map();
  return {
    signingNames: ['elasticloadbalancing'],
    understand: (request) => {
      const query = parseAwsQuery(request.body);
      const action = `elasticloadbalancing:${actionOf(query)}`;
      const { TargetGroupArn, Targets } = query;
      const checks = [{ action, resource: resourceOf(actionOf(query), query), context: {} }];
      return { action, checks, parameters: { TargetGroupArn, Targets } };
    },
    handle: async (request) => {
      const query = parseAwsQuery(request.body);
      const action = actionOf(query);
      return queryAnswer(action, NAMESPACE, ANSWERS[action]!(groups, query, world));
    },
    error: queryError,
  };
};
