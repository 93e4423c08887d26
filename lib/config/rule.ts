import type { FleetSource } from './fleet-schema.ts';
import { errorAt, type Finding, type Path } from './problem.ts';
import type { Lenient } from './schema-walk.ts';

/** A fleet with its defaults filled in; what is wrong by itself is `undefined`, and no rule judges it. */
export type LenientFleet = Lenient<FleetSource>;

/** Whether the user wrote something there, right or wrong. */
export type IsWritten = (...path: Path) => boolean;

/** One thing that must hold between fields. Paths in what it finds begin at the fleet. */
export type Rule = (fleet: LenientFleet, isWritten: IsWritten) => readonly Finding[];

/** A rule about two numbers, silent while one of them is unknown. */
export const whenBoth = (
  first: number | undefined,
  second: number | undefined,
  find: (first: number, second: number) => readonly Finding[],
): readonly Finding[] => (first === undefined || second === undefined ? [] : find(first, second));

type MaybeList = readonly (string | undefined)[] | undefined;

/** Every entry that stands in the list before. */
export const repeatedIn = (path: Path, list: MaybeList): readonly Finding[] =>
  (list ?? []).flatMap((entry, index, all) =>
    all.indexOf(entry) === index
      ? []
      : [errorAt([...path, index], `${entry} is listed twice`, 'remove one of the two')],
  );

/** The entries that are right by themselves. */
export const knownIn = (list: MaybeList): readonly string[] => (list ?? []).filter((entry) => entry !== undefined);

export const isList = (value: unknown): value is readonly (string | undefined)[] => Array.isArray(value);
