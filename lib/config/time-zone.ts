import type { Fault } from './fields.ts';
import { quoted } from './problem.ts';
import { suggest } from './suggest.ts';

/** Names of the IANA database; offsets such as +02:00 are refused, since EventBridge Scheduler does not take them. */
const ZONE_NAME = /^[A-Z][\w+-]*(?:\/[A-Z][\w+-]*){0,2}$/;

const isKnown = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

const canonicalNames = (): readonly string[] => ['UTC', ...Intl.supportedValuesOf('timeZone')];

/** Intl reads `europe/berlin` as well; AWS does not. Aliases (`Asia/Kolkata`) are known to Intl and not in its list. */
const isInWrongCase = (name: string): boolean =>
  !canonicalNames().includes(name) && canonicalNames().some((known) => known.toLowerCase() === name.toLowerCase());

/** What is wrong with the name of a time zone, or nothing. */
export const timeZoneFault = (name: string): Fault | undefined => {
  if (ZONE_NAME.test(name) && isKnown(name) && !isInWrongCase(name)) return undefined;
  const nearest = suggest(name, canonicalNames());
  return {
    reason: `is not the name of a time zone: ${quoted(name)}`,
    fix: nearest ? `did you mean ${nearest}?` : 'write a name of the IANA database, such as Europe/Berlin or UTC',
  };
};
