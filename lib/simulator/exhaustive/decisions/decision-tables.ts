import { agentSettings } from './agent/agent-settings.ts';
import { agentSteps } from './agent/agent-steps.ts';
import { agentStepsTogether } from './agent/agent-steps-together.ts';
import { commandEnds } from './agent/command-ends.ts';
import { drainCauses } from './agent/drain-causes.ts';
import { endsByItself } from './agent/ends-by-itself.ts';
import { forecasts } from './agent/forecasts.ts';
import { heardByAgents } from './agent/heard-by-agents.ts';
import { heardOnItems } from './agent/heard-on-items.ts';
import { hintTexts } from './agent/hint-texts.ts';
import { instants } from './agent/instants.ts';
import { learnedRunTimes } from './agent/learned-run-times.ts';
import { lostTime } from './agent/lost-time.ts';
import { maintenanceTexts } from './agent/maintenance-texts.ts';
import { mergedRunTimes } from './agent/merged-run-times.ts';
import { metRows } from './agent/met-rows.ts';
import { notedRunTimes } from './agent/noted-run-times.ts';
import { noticeTexts } from './agent/notice-texts.ts';
import { observedRuns } from './agent/observed-runs.ts';
import { patience } from './agent/patience.ts';
import { pauses } from './agent/pauses.ts';
import { progressTexts } from './agent/progress-texts.ts';
import { settledRuns } from './agent/settled-runs.ts';
import { takenMessages } from './agent/taken-messages.ts';
import { watchedLeases } from './agent/watched-leases.ts';
import { launchAnswers } from './capacity/launch-answers.ts';
import { launchesAsked } from './capacity/launches-asked.ts';
import { lossesLearned } from './capacity/losses-learned.ts';
import { machinesCounted } from './capacity/machines-counted.ts';
import { machinesLetGo } from './capacity/machines-let-go.ts';
import { machinesSpread } from './capacity/machines-spread.ts';
import { machinesWorthReplacing } from './capacity/machines-worth-replacing.ts';
import { poolsAsked } from './capacity/pools-asked.ts';
import { poolsDominated } from './capacity/pools-dominated.ts';
import { poolsSetAside } from './capacity/pools-set-aside.ts';
import { replacementsAsked } from './capacity/replacements-asked.ts';
import { spotWaitedFor } from './capacity/spot-waited-for.ts';
import { steadyFleets } from './capacity/steady-fleets.ts';
import { stormsSeen } from './capacity/storms-seen.ts';
import { windowsBoughtFor } from './capacity/windows-bought-for.ts';
import { windowsKept } from './capacity/windows-kept.ts';
import { workedOutOnce } from './capacity/worked-out-once.ts';
import type { DecisionTable } from './decision-table.ts';
import { heardChanges } from './heard/heard-changes.ts';
import { heardEnvelopes } from './heard/heard-envelopes.ts';
import { heardHooks } from './heard/heard-hooks.ts';
import { heardStates } from './heard/heard-states.ts';
import { heardWarnings } from './heard/heard-warnings.ts';
import { bootFailures } from './machines/boot-failures.ts';
import { doubtfulMachines } from './machines/doubtful-machines.ts';
import { drainEnds } from './machines/drain-ends.ts';
import { drainingMachines } from './machines/draining-machines.ts';
import { goneMachines } from './machines/gone-machines.ts';
import { groupSteps } from './machines/group-steps.ts';
import { lifecycles } from './machines/lifecycles.ts';
import { livingMachines } from './machines/living-machines.ts';
import { powerOffs } from './machines/power-offs.ts';
import { signalsTold } from './machines/signals-told.ts';
import { takings } from './machines/takings.ts';
import { upgrades } from './machines/upgrades.ts';
import { amountsSummed } from './money/amounts-summed.ts';
import { reportPeriods } from './money/report-periods.ts';
import { runsBilled } from './money/runs-billed.ts';
import { runsClosed } from './money/runs-closed.ts';
import { checkShards } from './tasks/check-shards.ts';
import { checkpointsKept } from './tasks/checkpoints-kept.ts';
import { forgottenTasks } from './tasks/forgotten-tasks.ts';
import { idsInBodies } from './tasks/ids-in-bodies.ts';
import { leases } from './tasks/leases.ts';
import { nextLooks } from './tasks/next-looks.ts';
import { queueMessages } from './tasks/queue-messages.ts';
import { queuedTasks } from './tasks/queued-tasks.ts';
import { revisits } from './tasks/revisits.ts';
import { tasksDue } from './tasks/tasks-due.ts';

/** Every decision that is held against its rule before the first seed. */
export const DECISION_TABLES: readonly DecisionTable[] = [
  agentSettings,
  agentStepsTogether,
  agentSteps,
  commandEnds,
  drainCauses,
  endsByItself,
  forecasts,
  heardByAgents,
  heardOnItems,
  hintTexts,
  instants,
  learnedRunTimes,
  lostTime,
  maintenanceTexts,
  mergedRunTimes,
  metRows,
  notedRunTimes,
  noticeTexts,
  observedRuns,
  patience,
  pauses,
  progressTexts,
  settledRuns,
  takenMessages,
  watchedLeases,
  launchAnswers,
  launchesAsked,
  lossesLearned,
  machinesCounted,
  machinesLetGo,
  machinesSpread,
  machinesWorthReplacing,
  poolsAsked,
  poolsDominated,
  poolsSetAside,
  replacementsAsked,
  spotWaitedFor,
  steadyFleets,
  stormsSeen,
  windowsBoughtFor,
  windowsKept,
  workedOutOnce,
  heardChanges,
  heardEnvelopes,
  heardHooks,
  heardStates,
  heardWarnings,
  bootFailures,
  doubtfulMachines,
  drainEnds,
  drainingMachines,
  goneMachines,
  groupSteps,
  lifecycles,
  livingMachines,
  powerOffs,
  signalsTold,
  takings,
  upgrades,
  amountsSummed,
  reportPeriods,
  runsBilled,
  runsClosed,
  checkShards,
  checkpointsKept,
  forgottenTasks,
  idsInBodies,
  leases,
  nextLooks,
  queueMessages,
  queuedTasks,
  revisits,
  tasksDue,
];
