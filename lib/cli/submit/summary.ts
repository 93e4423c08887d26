import type { FleetName } from '../../fleet/ids.ts';

/** The last line of `spothop submit --json`. */
export interface SubmitCounts {
  /** Rows written now. */
  submitted: number;
  /** There already, with the same body: from an earlier run, or from an earlier line. */
  already: number;
  /** There already with another body; nothing was changed. */
  conflicting: number;
  /** Lines that are no task. */
  refused: number;
  /** Rows whose message could not be sent; the sweep sends it. */
  toBeSwept: number;
  failed: number;
}

export const noCounts = (): SubmitCounts => ({
  submitted: 0,
  already: 0,
  conflicting: 0,
  refused: 0,
  toBeSwept: 0,
  failed: 0,
});

export interface SubmitSummaryLine extends SubmitCounts {
  readonly seconds: number;
  readonly perSecond: number;
  /** With --dry-run only: tasks that could be submitted. */
  readonly wouldSubmit?: number;
}

const toTenths = (value: number): number => Math.round(value * 10) / 10;

export const summaryLine = (counts: SubmitCounts, durationMs: number, wouldSubmit?: number): SubmitSummaryLine => {
  const done = counts.submitted + counts.already;
  return {
    ...counts,
    seconds: toTenths(durationMs / 1_000),
    perSecond: toTenths(durationMs > 0 ? (done * 1_000) / durationMs : 0),
    ...(wouldSubmit === undefined ? {} : { wouldSubmit }),
  };
};

export const grouped = (count: number): string => count.toLocaleString('en-GB');

export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;

const NOTES: readonly (readonly [keyof SubmitCounts, string])[] = [
  ['already', 'there already'],
  ['conflicting', 'in conflict'],
  ['refused', 'refused'],
  ['toBeSwept', 'to be sent by the sweep'],
  ['failed', 'failed'],
];

const notesOf = (summary: SubmitSummaryLine): string =>
  NOTES.filter(([name]) => summary[name] > 0)
    .map(([name, words]) => `${grouped(summary[name])} ${words}`)
    .join(', ');

/** `Submitted 1,000 tasks to fleet index in 2.4 s (416.7/s): 12 there already.` */
export const renderSummary = (fleet: FleetName, summary: SubmitSummaryLine): string => {
  const { submitted, seconds, perSecond, wouldSubmit } = summary;
  const notes = notesOf(summary);
  const what =
    wouldSubmit === undefined
      ? `Submitted ${counted(submitted, 'task')} to fleet ${fleet} in ${seconds} s (${perSecond}/s)`
      : `Would submit ${counted(wouldSubmit, 'task')} to fleet ${fleet}; nothing was sent`;
  return `${notes === '' ? what : `${what}: ${notes}`}.\n`;
};
