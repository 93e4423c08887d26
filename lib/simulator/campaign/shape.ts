import type { Violation } from '../audit/promises.ts';

/** What was found, whichever task, machine or moment it is about: two of one shape are one mistake, most likely. */
export const shapeOf = ({ promise, found }: Pick<Violation, 'promise' | 'found'>): string =>
  `${promise} ${found.replace(/\b(?:i-[0-9a-f]+|[0-9a-f]{6,}|\d[\d.]*)\b/g, '#')}`;
