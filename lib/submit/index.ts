/** What a program imports from `spothop/submit` to send tasks to a fleet. */
export {
  CannotSubmit,
  createSubmitter,
  type SubmitOutcome,
  type Submitter,
  type SubmitterOptions,
  submitter,
  type TaskToSubmit,
} from './submitter.ts';
