import { AwsError, type LocalResponse } from '../service.ts';
import { type Query, refuseDryRun, refuseUnmodelled } from './query.ts';
import type { Ec2State } from './state.ts';

/** Answers one Describe call. */
export type Describe = (state: Ec2State, query: Query) => LocalResponse;

export const notFound = (code: string, what: string, id: string): AwsError =>
  new AwsError(400, code, `The ${what} '${id}' does not exist`);

/** A Describe call that refuses parameters which are not modelled, and dry runs. */
export const describing =
  (modelled: readonly string[], describe: Describe): Describe =>
  (state, query) => {
    refuseUnmodelled(query, modelled);
    refuseDryRun(query);
    return describe(state, query);
  };
