import { printable } from '../../signals/printable.ts';
import type { Refusal } from '../../workflows/new-task.ts';

/** Where a task stands in what was given. Line 0: it was given whole. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

const FILE_CHARACTERS_MAX = 200;
const WORDS_CHARACTERS_MAX = 300;

/** More than these are counted, not shown. */
const SHOWN_MAX = 20;

export const placeText = ({ file, line }: Place): string => {
  const shown = printable(file === '-' ? 'standard input' : file, FILE_CHARACTERS_MAX);
  return line === 0 ? shown : `${shown}:${line}`;
};

/** `tasks.ndjson:37: order.id: is missing; give every task its id there` */
export const refusalLine = (place: Place, { path, because, fix }: Refusal): string =>
  `${[placeText(place), path, printable(because, WORDS_CHARACTERS_MAX)].filter(Boolean).join(': ')}; ${fix}\n`;

/** Shows the first few of many. */
export const shownFew = (write: (text: string) => void) => {
  let count = 0;
  return {
    show: (line: string): void => {
      count += 1;
      if (count <= SHOWN_MAX) write(line);
    },
    /** Says how many were not shown. */
    end: (what: string): void => {
      if (count > SHOWN_MAX) write(`and ${count - SHOWN_MAX} more ${what}\n`);
    },
  };
};
