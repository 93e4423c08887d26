import { checkFleets } from './check-fleets.ts';
import type { FleetSpecification } from './fleet-specification.ts';
import { type Finding, type Problem, pathText, sortProblems } from './problem.ts';
import { type PlacedFinding, readYaml, type YamlDocument } from './yaml-document.ts';

export { formatProblems } from './problem.ts';

export type FleetFileResult =
  | { readonly ok: true; readonly fleets: readonly FleetSpecification[]; readonly warnings: readonly Problem[] }
  /** Every problem of the file, in the order of its lines. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

const toProblem = ({ line, column, path, reason, fix }: PlacedFinding): Problem => ({
  line,
  column,
  path: pathText(path),
  reason,
  fix,
});

const place =
  (document: YamlDocument) =>
  (finding: Finding): PlacedFinding => ({ ...finding, ...document.positionOf(finding.path) });

const placeAndPath = ({ line, column, path }: PlacedFinding): string => `${line}:${column} ${pathText(path)}`;

/** A value that YAML could not give is not reported as missing as well. */
const withoutRepeats = (
  first: readonly PlacedFinding[],
  second: readonly PlacedFinding[],
): readonly PlacedFinding[] => {
  const reported = new Set(first.map(placeAndPath));
  return [...first, ...second.filter((finding) => !reported.has(placeAndPath(finding)))];
};

const toProblems = (findings: readonly PlacedFinding[]): readonly Problem[] => sortProblems(findings.map(toProblem));

/** Reads a fleet file (`spothop.yml`). Never throws: hostile text is answered like any other that is wrong. */
export const readFleetFile = (text: string): FleetFileResult => {
  const document = readYaml(text);
  if (!document.isReadable) return { ok: false, problems: toProblems(document.findings) };
  const { fleets, findings } = checkFleets(document.data);
  const all = withoutRepeats(document.findings, findings.map(place(document)));
  const errors = all.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return { ok: false, problems: toProblems(errors) };
  return { ok: true, fleets, warnings: toProblems(all) };
};
