/** What a worker imports from `spothop`. */
export {
  type BatchAt,
  type BatchEnd,
  type BatchItem,
  type BatchItems,
  type BatchOptions,
  type BatchReturn,
  runBatch,
} from './batch.ts';
export {
  defineTask,
  type TaskContext,
  type TaskDefinition,
  type TaskPolicy,
  type TaskProgress,
  type Tasks,
} from './define-task.ts';
export { HandBack, PermanentFailure, StaleAttempt } from './errors.ts';
export { type FencedAttempt, fence } from './fence/index.ts';
export { type Rehearsal, type RehearsalOptions, rehearse } from './rehearse.ts';
