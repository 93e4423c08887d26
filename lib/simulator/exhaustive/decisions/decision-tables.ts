import type { DecisionTable } from './decision-table.ts';
import { forgottenTasks } from './forgotten-tasks.ts';
import { queuedTasks } from './queued-tasks.ts';
import { revisits } from './revisits.ts';
import { tasksDue } from './tasks-due.ts';

/** Every decision that is held against its rule before the first seed. */
export const DECISION_TABLES: readonly DecisionTable[] = [forgottenTasks, queuedTasks, revisits, tasksDue];
