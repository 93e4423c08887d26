import type { DecisionTable } from './decision-table.ts';
import { drainEnds } from './drain-ends.ts';
import { forgottenTasks } from './forgotten-tasks.ts';
import { leases } from './leases.ts';
import { lifecycles } from './lifecycles.ts';
import { queuedTasks } from './queued-tasks.ts';
import { revisits } from './revisits.ts';
import { signalsTold } from './signals-told.ts';
import { takings } from './takings.ts';
import { tasksDue } from './tasks-due.ts';

/** Every decision that is held against its rule before the first seed. */
export const DECISION_TABLES: readonly DecisionTable[] = [
  drainEnds,
  forgottenTasks,
  leases,
  lifecycles,
  queuedTasks,
  revisits,
  signalsTold,
  takings,
  tasksDue,
];
