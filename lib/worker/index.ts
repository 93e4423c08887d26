/** What a worker imports from `spothop`. */
export { defineTask, StaleAttempt, type TaskContext, type TaskDefinition } from './define-task.ts';
