/** Judges a caller's checks against the account's directory of roles. */
import type { AuthorisationCheck, Caller } from '../service.ts';
import { callerContext, principalOf } from './caller.ts';
import type { IamDirectory } from './directory.ts';
import { type Decision, evaluate } from './evaluate.ts';

const ALLOWED: Decision = { allowed: true };

/** The person at the laptop may do everything; a role what its policies say; a service what the resource's policy says. */
export const judge = (directory: IamDirectory, caller: Caller, check: AuthorisationCheck): Decision => {
  if (caller.kind === 'root') return ALLOWED;
  const role = caller.kind === 'role' ? directory.role(caller.roleName) : undefined;
  return evaluate({
    action: check.action,
    resource: check.resource,
    context: { ...callerContext(caller, role?.roleId), ...check.context },
    principal: principalOf(caller),
    identityPolicies: caller.kind === 'role' ? directory.policiesOf(caller.roleName) : [],
    ...(check.resourcePolicy !== undefined && { resourcePolicy: check.resourcePolicy }),
  });
};
