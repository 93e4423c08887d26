import { bootFailures } from './boot-failures.ts';
import { checkpointsKept } from './checkpoints-kept.ts';
import type { DecisionTable } from './decision-table.ts';
import { doubtfulMachines } from './doubtful-machines.ts';
import { drainEnds } from './drain-ends.ts';
import { drainingMachines } from './draining-machines.ts';
import { forgottenTasks } from './forgotten-tasks.ts';
import { goneMachines } from './gone-machines.ts';
import { groupSteps } from './group-steps.ts';
import { idsInBodies } from './ids-in-bodies.ts';
import { leases } from './leases.ts';
import { lifecycles } from './lifecycles.ts';
import { livingMachines } from './living-machines.ts';
import { nextLooks } from './next-looks.ts';
import { powerOffs } from './power-offs.ts';
import { queuedTasks } from './queued-tasks.ts';
import { revisits } from './revisits.ts';
import { signalsTold } from './signals-told.ts';
import { takings } from './takings.ts';
import { tasksDue } from './tasks-due.ts';
import { upgrades } from './upgrades.ts';

/** Every decision that is held against its rule before the first seed. */
export const DECISION_TABLES: readonly DecisionTable[] = [
  bootFailures,
  checkpointsKept,
  doubtfulMachines,
  drainEnds,
  drainingMachines,
  forgottenTasks,
  goneMachines,
  groupSteps,
  idsInBodies,
  leases,
  lifecycles,
  livingMachines,
  nextLooks,
  powerOffs,
  queuedTasks,
  revisits,
  signalsTold,
  takings,
  tasksDue,
  upgrades,
];
