import type { JobPolicyMaker } from '../job.ts';

/** What everybody pays who does not use spot. */
export const onDemandOnly: JobPolicyMaker = { name: 'on-demand', create: () => ({ choose: () => 'on-demand' }) };
