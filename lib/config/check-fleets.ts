import { DEPLOYED_BYTES_EACH, OWN_QUEUE_URL_BYTES, SERIALISED_BYTES_MAX } from './bounds.ts';
import { buildSpecification } from './build-specification.ts';
import { describeIssues } from './describe-issues.ts';
import { checkFileRules, checkNames, type NamedFleet } from './file-rules.ts';
import { checkFleetRules } from './fleet-rules.ts';
import { FleetFileSchema, FleetSchema } from './fleet-schema.ts';
import type { FleetSpecification } from './fleet-specification.ts';
import { errorAt, type Finding, pathText } from './problem.ts';
import { parseLeniently, valueAt } from './schema-walk.ts';
import { serialiseFleets } from './serialise-fleets.ts';

export interface CheckedFleets {
  /** Empty when there is an error among the findings. */
  readonly fleets: readonly FleetSpecification[];
  readonly findings: readonly Finding[];
}

const ruleFindings = ({ name, raw, fleet }: NamedFleet): readonly Finding[] =>
  checkFleetRules(fleet, (...path) => valueAt(raw, path) !== undefined).map((finding) => ({
    ...finding,
    path: ['fleets', name, ...finding.path],
  }));

const fleetsIn = (data: unknown): readonly NamedFleet[] => {
  const fleets = valueAt(data, ['fleets']);
  if (typeof fleets !== 'object' || fleets === null || Array.isArray(fleets)) return [];
  return Object.entries(fleets).map(([name, raw]) => ({ name, raw, fleet: parseLeniently(FleetSchema, raw) ?? {} }));
};

/** What a deployment tells the functions of each fleet beside it: its queue's URL and its launch template. */
const deployedBytes = ({ name, queue }: FleetSpecification): number => {
  const urlBytes =
    queue.source.kind === 'own' ? OWN_QUEUE_URL_BYTES + name.length : Buffer.byteLength(queue.source.url);
  return DEPLOYED_BYTES_EACH + name.length + urlBytes;
};

const sizeFindings = (fleets: readonly FleetSpecification[]): readonly Finding[] => {
  const deployed = fleets.map(deployedBytes).reduce((sum, each) => sum + each, 0);
  const bytes = Buffer.byteLength(serialiseFleets(fleets)) + deployed;
  const reason = `need ${bytes} bytes of the functions' environment, which has ${SERIALISED_BYTES_MAX} for them`;
  const fix = 'move long commands into scripts, or fleets into a second deployment';
  return bytes <= SERIALISED_BYTES_MAX ? [] : [errorAt(['fleets'], reason, fix)];
};

/** Schema first, then the rules; a field that is wrong by itself is not reported a second time by a rule. */
const findAll = (data: unknown, schemaFindings: readonly Finding[]): readonly Finding[] => {
  const reported = new Set(schemaFindings.map(({ path }) => pathText(path)));
  const fleets = fleetsIn(data);
  const others = [...checkFileRules(fleets), ...fleets.flatMap(ruleFindings)];
  const isNew = ({ path }: Finding) => !reported.has(pathText(path));
  return [...schemaFindings, ...checkNames(fleets), ...others.filter(isNew)];
};

/** Checks plain data as a fleet file: every problem at once, or the fleets. */
export const checkFleets = (data: unknown): CheckedFleets => {
  const parsed = FleetFileSchema.safeParse(data);
  const findings = findAll(data, parsed.success ? [] : describeIssues(FleetFileSchema, data, parsed.error.issues));
  if (!parsed.success || findings.some(({ severity }) => severity === 'error')) return { fleets: [], findings };
  const fleets = Object.entries(parsed.data.fleets).map(([name, source]) => buildSpecification(name, source));
  const tooLarge = sizeFindings(fleets);
  return { fleets: tooLarge.length > 0 ? [] : fleets, findings: [...findings, ...tooLarge] };
};
