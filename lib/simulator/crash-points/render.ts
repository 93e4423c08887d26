import type { Exploration, ExploredSite, Violation } from './explore.ts';
import type { PairsExploration, PairViolation } from './explore-pairs.ts';

/** What a person is shown of a long list of violations. */
const VIOLATIONS_SHOWN_MAX = 20;

export const progressLine = (
  scenario: string,
  sites: readonly ExploredSite[],
  violations: readonly Violation[],
): string => `${scenario}: ${sites.length} calls explored, ${violations.length} violations\n`;

interface Group {
  readonly scenario: string;
  readonly by: string;
  readonly call: string;
  readonly sites: number;
  readonly held: number;
}

const nameOf = ({ call, step }: ExploredSite): string => (step === undefined ? call : `${call} ${step}`);

/** The same call of the same caller stands in one line, however often it was made. */
const groupsOf = (sites: readonly ExploredSite[]): readonly Group[] => {
  const groups = new Map<string, Group>();
  for (const site of sites) {
    const { scenario, by } = site;
    const call = nameOf(site);
    const key = JSON.stringify([scenario, by, call]);
    const group = groups.get(key) ?? { scenario, by, call, sites: 0, held: 0 };
    groups.set(key, { ...group, sites: group.sites + 1, held: group.held + (site.held ? 1 : 0) });
  }
  return [...groups.values()];
};

const HEADINGS = ['scenario', 'caller', 'call', 'found', 'held'] as const;

const tableOf = (groups: readonly Group[]): string => {
  const rows = groups.map(({ scenario, by, call, sites, held }) => [scenario, by, call, String(sites), String(held)]);
  const lines = [[...HEADINGS], ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) => `${line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd())
    .join('\n');
};

const describeViolation = ({ scenario, fault, found }: Violation): string => {
  const where = fault === undefined ? 'without any fault' : `${fault.call} (call ${fault.nth}), ${fault.outcome}`;
  return `  ${scenario}: ${where}: ${found}`;
};

const violationsOf = (violations: readonly Violation[]): string => {
  const shown = violations.slice(0, VIOLATIONS_SHOWN_MAX).map(describeViolation);
  const rest = violations.length - shown.length;
  return [`${violations.length} violations:`, ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n');
};

/** The exploration for people: a line for each kind of call, then what did not hold. */
export const renderExploration = ({ sites, scenarios, sitesCount, runs, violations }: Exploration): string => {
  const verdict =
    violations.length === 0 ? 'Everything held: no task lost, none done twice.' : violationsOf(violations);
  return `${tableOf(groupsOf(sites))}\n\n${sitesCount} calls in ${scenarios.length} scenarios, ${runs} runs. ${verdict}\n`;
};

export const pairsProgressLine = (
  next: number,
  firstFaults: number,
  pairs: number,
  violations: readonly PairViolation[],
): string => `${pairs} pairs, ${violations.length} violations; all of those before --from ${next} of ${firstFaults}\n`;

const describePairViolation = ({ scenario, faults, isRepeated, found }: PairViolation): string => {
  const where = faults.map(({ call, nth, outcome }) => `${call} (call ${nth}), ${outcome}`).join(', then ');
  return `  ${scenario}: ${where}${isRepeated ? ', with everything done twice' : ''}: ${found}`;
};

/** The campaign over pairs for people. */
export const renderPairs = ({
  pairs,
  runs,
  violations,
  from,
  to,
  firstFaults,
}: PairsExploration & { readonly from: number; readonly to: number; readonly firstFaults: number }): string => {
  const shown = violations.slice(0, VIOLATIONS_SHOWN_MAX).map(describePairViolation);
  const rest = violations.length - shown.length;
  const verdict = violations.length === 0 ? 'Everything held.' : `${violations.length} violations:`;
  const head = `${pairs} ordered pairs in ${runs} runs, of first faults ${from} to ${to} of ${firstFaults}. ${verdict}`;
  return `${[head, ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n')}\n`;
};
