/** Writes down what AWS asked of a role's policies while it acted for the role, with no request of the role in between. */
import { callerName } from '../http/request-line.ts';
import type { LocalContext, Recorder } from '../service.ts';

type IsAllowed = LocalContext['isAllowed'];

/** `isAllowed`, which also records each question about a role the first time it is asked. */
export const notePermissions = (recorder: Recorder, isAllowed: IsAllowed): IsAllowed => {
  const noted = new Set<string>();
  return (caller, check) => {
    const allowed = isAllowed(caller, check);
    if (caller.kind !== 'role') return allowed;
    const { action, resource, context } = check;
    const question = { caller: callerName(caller), action, resource, context, allowed };
    const key = JSON.stringify(question);
    if (!noted.has(key)) recorder.write({ kind: 'permission', ...question });
    noted.add(key);
    return allowed;
  };
};
