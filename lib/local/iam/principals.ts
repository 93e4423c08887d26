/** Who a Principal element means (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html). */
import { LOCAL_ACCOUNT } from '../service.ts';

export type Principal =
  | { readonly kind: 'role'; readonly roleArn: string; readonly sessionArn: string }
  | { readonly kind: 'service'; readonly name: string };

const listOf = (value: unknown): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)];

const namesOf = (element: unknown, kind: 'AWS' | 'Service'): readonly string[] => {
  if (element === '*') return ['*'];
  if (typeof element !== 'object' || element === null) return [];
  return listOf((element as Record<string, unknown>)[kind]);
};

const ACCOUNT_NAMES = [LOCAL_ACCOUNT, `arn:aws:iam::${LOCAL_ACCOUNT}:root`];

const namesRole = (names: readonly string[], principal: Extract<Principal, { kind: 'role' }>): boolean =>
  names.some((name) => name === '*' || name === principal.roleArn || name === principal.sessionArn);

/**
 * Whether an Allow in a resource's policy grants this principal anything. Naming the account only hands the decision to
 * the principal's own policies, so it grants nothing by itself.
 */
export const principalGrants = (element: unknown, principal: Principal): boolean =>
  principal.kind === 'service'
    ? namesOf(element, 'Service').some((name) => name === '*' || name === principal.name)
    : namesRole(namesOf(element, 'AWS'), principal);

/** Whether a Deny in a resource's policy reaches this principal: naming the account reaches everyone in it. */
export const principalIsNamed = (element: unknown, principal: Principal): boolean =>
  principalGrants(element, principal) ||
  (principal.kind === 'role' && namesOf(element, 'AWS').some((name) => ACCOUNT_NAMES.includes(name)));
