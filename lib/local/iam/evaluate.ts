/**
 * Whether policies allow an action, after IAM's evaluation logic within one account
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
 *
 * What it does not model: permission boundaries, session policies, organisation policies, other accounts, NotPrincipal.
 */
import type { PolicyDocument, PolicyStatement } from '../service.ts';
import { type ContextValues, conditionsHold, readContext } from './conditions.ts';
import { type Principal, principalGrants, principalIsNamed } from './principals.ts';
import { compilePattern, matchesAction, matchesPattern, type ReadVariable } from './wildcards.ts';

export interface Question {
  readonly action: string;
  readonly resource: string;
  readonly context: ContextValues;
  readonly principal: Principal;
  readonly identityPolicies: readonly PolicyDocument[];
  readonly resourcePolicy?: PolicyDocument;
}

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: 'explicit-deny' | 'no-allow' };

type Effect = PolicyStatement['Effect'];

const listOf = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

export const statementsOf = (document: PolicyDocument): readonly PolicyStatement[] =>
  Array.isArray(document.Statement) ? document.Statement : [document.Statement as PolicyStatement];

const actionApplies = (statement: PolicyStatement, action: string): boolean =>
  statement.NotAction === undefined
    ? listOf(statement.Action).some((pattern) => matchesAction(pattern, action))
    : !listOf(statement.NotAction).some((pattern) => matchesAction(pattern, action));

const resourceApplies = (
  statement: PolicyStatement,
  resource: string,
  readVariable: ReadVariable | undefined,
): boolean => {
  const matches = (pattern: string): boolean => {
    const compiled = compilePattern(pattern, { wildcards: true, ...(readVariable && { readVariable }) });
    return compiled !== undefined && matchesPattern(compiled, resource);
  };
  return statement.NotResource === undefined
    ? listOf(statement.Resource).some(matches)
    : !listOf(statement.NotResource).some(matches);
};

/** Variables are only read in documents of version 2012-10-17. */
const variableReader = (document: PolicyDocument, context: ContextValues): ReadVariable | undefined =>
  document.Version === '2012-10-17'
    ? (key) => {
        const values = readContext(context, key);
        return values?.length === 1 ? values[0] : undefined;
      }
    : undefined;

/** Statements of a trust policy have no Resource: the role itself is meant. */
const isAboutItself = (statement: PolicyStatement): boolean =>
  statement.Resource === undefined && statement.NotResource === undefined;

const statementApplies = (document: PolicyDocument, statement: PolicyStatement, question: Question): boolean => {
  const readVariable = variableReader(document, question.context);
  return (
    actionApplies(statement, question.action) &&
    (isAboutItself(statement) || resourceApplies(statement, question.resource, readVariable)) &&
    conditionsHold(statement.Condition, question.context, readVariable)
  );
};

const identityHas = (question: Question, effect: Effect): boolean =>
  question.identityPolicies.some((document) =>
    statementsOf(document).some(
      (statement) =>
        statement.Effect === effect && !isAboutItself(statement) && statementApplies(document, statement, question),
    ),
  );

const resourcePolicyHas = (question: Question, effect: Effect): boolean => {
  const { resourcePolicy, principal } = question;
  if (resourcePolicy === undefined) return false;
  const isMeant = effect === 'Allow' ? principalGrants : principalIsNamed;
  return statementsOf(resourcePolicy).some(
    (statement) =>
      statement.Effect === effect &&
      isMeant(statement.Principal, principal) &&
      statementApplies(resourcePolicy, statement, question),
  );
};

/** An explicit deny anywhere wins; otherwise one allow anywhere is enough; otherwise no. */
export const evaluate = (question: Question): Decision => {
  if (identityHas(question, 'Deny') || resourcePolicyHas(question, 'Deny')) {
    return { allowed: false, reason: 'explicit-deny' };
  }
  const allowed = identityHas(question, 'Allow') || resourcePolicyHas(question, 'Allow');
  return allowed ? { allowed: true } : { allowed: false, reason: 'no-allow' };
};
