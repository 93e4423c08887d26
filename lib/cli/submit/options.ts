import type { StackOptions } from '../stack-options.ts';

/** What `spothop submit` was asked to do. */
export interface SubmitOptions extends StackOptions {
  readonly fleet?: string;
  readonly body?: string;
  readonly bodyFile?: string;
  readonly id?: string;
  readonly idPath?: string;
  readonly task?: string;
  /** `false` with --no-schema. */
  readonly schema: boolean;
  readonly fleetFile?: string;
  readonly skipRefused?: true;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Why these options cannot go together; `undefined` when they can. */
export const optionsFault = (files: readonly string[], options: SubmitOptions): string | undefined => {
  const isSingle = options.body !== undefined || options.bodyFile !== undefined;
  if (options.body !== undefined && options.bodyFile !== undefined) return 'give --body or --body-file, not both';
  if (isSingle && files.length > 0) return 'give either files of tasks or one task with --body or --body-file';
  if (!isSingle && files.length === 0) return 'name a file of tasks, - for standard input, or give one with --body';
  if (options.id !== undefined && !isSingle) return '--id is for one task, given with --body or --body-file';
  if (options.id !== undefined && options.idPath !== undefined) return 'give --id or --id-path, not both';
  return files.filter((file) => file === '-').length > 1 ? 'standard input (-) can be read once only' : undefined;
};
