/** What IAM knows about a caller before it looks at the request. */
import { type Caller, LOCAL_ACCOUNT, LOCAL_REGION } from '../service.ts';
import type { ContextValues } from './conditions.ts';
import type { Principal } from './principals.ts';

export const sessionArnOf = (caller: Extract<Caller, { kind: 'role' }>): string =>
  `arn:aws:sts::${LOCAL_ACCOUNT}:assumed-role/${caller.roleName}/${caller.sessionName}`;

/** The ARN that GetCallerIdentity and refusals name. */
export const callerArn = (caller: Caller): string => {
  if (caller.kind === 'root') return `arn:aws:iam::${LOCAL_ACCOUNT}:root`;
  return caller.kind === 'role' ? sessionArnOf(caller) : caller.principal;
};

export const principalOf = (caller: Exclude<Caller, { kind: 'root' }>): Principal =>
  caller.kind === 'role'
    ? { kind: 'role', roleArn: caller.roleArn, sessionArn: sessionArnOf(caller) }
    : { kind: 'service', name: caller.principal };

/** Loopback stands for HTTPS: a deployment bucket that demands secure transport must be usable locally. */
const EVERYONE: ContextValues = { 'aws:SecureTransport': 'true', 'aws:RequestedRegion': LOCAL_REGION };

/** The global context keys that a caller brings. `roleId` is the `AROA…` id that `aws:userid` starts with. */
export const callerContext = (caller: Caller, roleId: string | undefined): ContextValues => {
  if (caller.kind === 'root') return EVERYONE;
  if (caller.kind === 'service') {
    return {
      ...EVERYONE,
      'aws:SourceArn': caller.sourceArn,
      'aws:SourceAccount': LOCAL_ACCOUNT,
      'aws:PrincipalIsAWSService': 'true',
    };
  }
  return {
    ...EVERYONE,
    'aws:PrincipalArn': caller.roleArn,
    'aws:PrincipalAccount': LOCAL_ACCOUNT,
    'aws:PrincipalType': 'AssumedRole',
    'aws:PrincipalIsAWSService': 'false',
    ...(roleId !== undefined && { 'aws:userid': `${roleId}:${caller.sessionName}` }),
    ...(caller.instanceArn !== undefined && { 'ec2:SourceInstanceARN': caller.instanceArn }),
  };
};
