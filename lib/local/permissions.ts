/**
 * The two questions about roles that AWS asks when it acts for a resource, with no request of a caller in between.
 *
 * Not modelled: session policies, permission boundaries and organisation policies.
 */
import type { LocalContext } from './service.ts';

/** `arn:aws:iam::000000000000:role/path/NAME` gives NAME; a bare name is itself. */
export const roleNameOf = (roleArnOrName: string): string => roleArnOrName.slice(roleArnOrName.lastIndexOf('/') + 1);

/** Whether the policies attached to the role allow the action; `sessionName` is who acts with it. */
export const roleAllows = (
  context: LocalContext,
  roleArn: string,
  sessionName: string,
  action: string,
  resource: string,
): boolean =>
  context.isAllowed(
    { kind: 'role', roleName: roleNameOf(roleArn), roleArn, sessionName },
    { action, resource, context: {} },
  );

/** Whether the role exists and its trust policy lets this service, e.g. `scheduler.amazonaws.com`, assume it. */
export const roleTrusts = (context: LocalContext, roleArn: string, principal: string, sourceArn: string): boolean => {
  const role = context.role(roleNameOf(roleArn));
  if (role === undefined) return false;
  const check = { action: 'sts:AssumeRole', resource: role.roleArn, context: {}, resourcePolicy: role.trustPolicy };
  return context.isAllowed({ kind: 'service', principal, sourceArn }, check);
};
