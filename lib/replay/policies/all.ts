import type { JobPolicyMaker } from '../job.ts';
import { greedy } from './greedy.ts';
import { onDemandOnly } from './on-demand-only.ts';
import { spothop } from './spothop.ts';
import { uniformProgress } from './uniform-progress.ts';

/** What is compared on jobs with a deadline, in the order of the tables. */
export const JOB_POLICIES: readonly JobPolicyMaker[] = [spothop, uniformProgress, greedy, onDemandOnly];
