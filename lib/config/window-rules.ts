import { errorAt, warningAt } from './problem.ts';
import type { Rule } from './rule.ts';

const PATH = ['windowHours'];

const onlyBulkWaits: Rule = ({ tier, windowHours }) =>
  windowHours === undefined || tier !== 'realtime'
    ? []
    : [errorAt(PATH, 'stands in a realtime fleet, which never waits for spot', 'write tier: bulk, or remove it')];

/** The tasks of a supervised program are its own system's: nobody here knows when they were submitted, or are done. */
const tasksAreOurs: Rule = ({ windowHours }, isWritten) =>
  windowHours === undefined || !isWritten('worker', 'supervise')
    ? []
    : [
        errorAt(
          PATH,
          'stands in a fleet that supervises a program: its tasks are not known here',
          'remove it, or run tasks with command or task',
        ),
      ];

const somethingStandsIn: Rule = ({ windowHours, onDemand }) =>
  windowHours === undefined || onDemand?.fallback !== false
    ? []
    : [
        warningAt(
          PATH,
          'stands beside onDemand.fallback: false; nothing stands in for spot when time runs short',
          'write fallback: true, or remove the window',
        ),
      ];

/** A message that nobody submitted has no row before a worker has taken it. */
const timeIsKnown: Rule = ({ windowHours }, isWritten) =>
  windowHours === undefined || !['url', 'taskIdPath', 'taskIdAttribute'].some((key) => isWritten('queue', key))
    ? []
    : [
        warningAt(
          PATH,
          'counts from the first taking for messages that were not submitted with spothop',
          'submit tasks with spothop submit or its library, or leave room for their waiting',
        ),
      ];

export const windowRules: readonly Rule[] = [onlyBulkWaits, tasksAreOurs, somethingStandsIn, timeIsKnown];
