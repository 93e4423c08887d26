import { type AgentStep, decideAgentSteps, type RunningTask, type TimeLeft } from '../decisions/decide-agent-step.ts';
import type { EpochMs } from '../fleet/time.ts';
import { type Bell, createBell } from './bell.ts';

/** Whatever can say how its task stands. */
export interface RunningEntry {
  asOf(now: EpochMs): RunningTask;
}

/** All tasks that run on this machine: what becomes of one while it drains depends on the others. */
export interface RunningTasks {
  add(entry: RunningEntry): void;
  remove(entry: RunningEntry): void;
  /** What is decided about one of them, all of them considered. */
  stepFor(entry: RunningEntry, left: TimeLeft, now: EpochMs): AgentStep;
  /** Tells the others that something they depend on is not as it was. */
  changed(): void;
  /** Called at every change: a task that ended, began, or saved its work. */
  readonly onChange: Bell['listen'];
}

export const createRunningTasks = (): RunningTasks => {
  const entries = new Set<RunningEntry>();
  const change = createBell();

  return {
    add: (entry) => {
      entries.add(entry);
      change.ring();
    },
    remove: (entry) => {
      if (entries.delete(entry)) change.ring();
    },
    stepFor: (entry, left, now) => {
      const all = [...entries];
      const tasks = all.map((each) => each.asOf(now));
      const step = decideAgentSteps(tasks, left, now)[all.indexOf(entry)];
      if (step === undefined) throw new Error('Decided about a task that is not running; add it first.');
      return step;
    },
    changed: change.ring,
    onChange: change.listen,
  };
};
