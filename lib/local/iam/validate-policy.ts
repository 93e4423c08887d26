/** Refuses a policy document that the evaluator could not judge, when it is deployed rather than when it is first needed. */
import { AwsError, type PolicyDocument, type PolicyStatement } from '../service.ts';
import { isKnownOperator } from './conditions.ts';

const malformed = (where: string, problem: string): AwsError =>
  new AwsError(400, 'MalformedPolicyDocument', `${where}: ${problem}`);

const checkStatement = (statement: PolicyStatement, where: string): void => {
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    throw malformed(where, `Effect must be Allow or Deny, not ${String(statement.Effect)}`);
  }
  if ((statement.Action === undefined) === (statement.NotAction === undefined)) {
    throw malformed(where, 'a statement needs exactly one of Action and NotAction');
  }
  if ('NotPrincipal' in statement) throw malformed(where, 'NotPrincipal is not supported by the local cloud');
  const unknown = Object.keys(statement.Condition ?? {}).find((operator) => !isKnownOperator(operator));
  if (unknown !== undefined)
    throw malformed(where, `condition operator ${unknown} is not supported by the local cloud`);
};

/** The document with its statements in a list. Throws AwsError `MalformedPolicyDocument` that names `where`. */
export const readPolicyDocument = (value: unknown, where: string): PolicyDocument => {
  const document = typeof value === 'string' ? parseDocument(value, where) : (value as PolicyDocument | undefined);
  if (typeof document !== 'object' || document === null || document.Statement === undefined) {
    throw malformed(where, 'a policy document needs a Statement');
  }
  const statements = [document.Statement].flat() as PolicyStatement[];
  for (const statement of statements) checkStatement(statement, where);
  return { ...document, Statement: statements };
};

const parseDocument = (text: string, where: string): PolicyDocument => {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(where, 'the policy is not valid JSON');
  }
};
