import { ec2Arn } from '../../../lib/local/ec2/identifiers.ts';
import { callerContext, principalOf } from '../../../lib/local/iam/caller.ts';
import { evaluate, statementsOf } from '../../../lib/local/iam/evaluate.ts';
import {
  type Caller,
  LOCAL_ACCOUNT,
  type LocalContext,
  type PolicyDocument,
  type RecordLine,
} from '../../../lib/local/service.ts';

/** One thing that a role's policies were asked, as the record tells it. */
export interface RecordedQuestion {
  readonly roleName: string;
  readonly session: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

interface Check {
  readonly action: string;
  readonly resource: string;
  readonly context: RecordedQuestion['context'];
}

const checksOf = (line: RecordLine): readonly Check[] => {
  if (line.kind === 'permission') return [line as unknown as Check];
  return line.kind === 'request' ? ((line['checks'] ?? []) as readonly Check[]) : [];
};

/** Every question of the record about a role, once. */
export const recordedQuestions = (lines: readonly RecordLine[]): readonly RecordedQuestion[] => {
  const questions = new Map<string, RecordedQuestion>();
  for (const line of lines) {
    const [, roleName = '', session = ''] = String(line['caller'] ?? '').split('/');
    for (const { action, resource, context } of checksOf(line)) {
      const question = { roleName, session, action, resource, context };
      questions.set(JSON.stringify(question), question);
    }
  }
  return [...questions.values()];
};

const callerOf = (
  { roleName, session }: RecordedQuestion,
  context: LocalContext,
): Exclude<Caller, { kind: 'root' }> => ({
  kind: 'role',
  roleName,
  roleArn: context.role(roleName)?.roleArn ?? `arn:aws:iam::${LOCAL_ACCOUNT}:role/${roleName}`,
  sessionName: session,
  ...(session.startsWith('i-') ? { instanceArn: ec2Arn('instance', session) } : {}),
});

/** Whether policies allow what was asked: by the evaluator alone, long after the request. */
export const allowedBy = (
  policies: readonly PolicyDocument[],
  question: RecordedQuestion,
  context: LocalContext,
): boolean => {
  const caller = callerOf(question, context);
  const { action, resource } = question;
  return evaluate({
    action,
    resource,
    context: { ...callerContext(caller, context.role(question.roleName)?.roleId), ...question.context },
    principal: principalOf(caller),
    identityPolicies: policies,
  }).allowed;
};

/** The policies without one statement. */
export const without = (policies: readonly PolicyDocument[], sid: string): readonly PolicyDocument[] =>
  policies.map((document) => ({
    ...document,
    Statement: statementsOf(document).filter((statement) => statement.Sid !== sid),
  }));

/** The policies with one statement that allows one action less. */
export const withoutAction = (
  policies: readonly PolicyDocument[],
  sid: string,
  action: string,
): readonly PolicyDocument[] =>
  policies.map((document) => ({
    ...document,
    Statement: statementsOf(document).map((statement) =>
      statement.Sid === sid
        ? { ...statement, Action: [statement.Action ?? []].flat().filter((one) => one !== action) }
        : statement,
    ),
  }));

/** `SignalsRole` of `spothop-local-SignalsRole-x1y2`. */
export const logicalRole = (roleName: string): string => /[A-Z]\w*Role/.exec(roleName)?.[0] ?? roleName;
