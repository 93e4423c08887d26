import { dirname, join } from 'node:path';

/** What `--record` was given: a folder, a file of lines, or nothing but itself. */
export type RecordPlace = string | true;

const LINES = '.jsonl';

export const recordFolderOf = (place: string): string => (place.endsWith(LINES) ? dirname(place) : place);

/** Every run has its record, in its own folder unless another place is named. */
export const recordFileOf = (place: RecordPlace | undefined, runFolder: string): string => {
  if (typeof place !== 'string') return join(runFolder, `record${LINES}`);
  return place.endsWith(LINES) ? place : join(place, `record${LINES}`);
};

const NEEDS_NO_QUOTES = /^[\w./@%+:,=-]+$/;

/** What a person types to have the record judged. */
export const auditCommand = (recordFile: string): string =>
  `npx spothop audit --trace ${NEEDS_NO_QUOTES.test(recordFile) ? recordFile : `'${recordFile.replaceAll("'", `'\\''`)}'`}`;
