import { checkFleets } from './check-fleets.ts';
import { FLEET_FILE_VERSION } from './fleet-schema.ts';
import type { FleetSpecification } from './fleet-specification.ts';
import { described, pathText } from './problem.ts';
import { SERIALISED_FORM } from './serialise-fleets.ts';

const DEPLOY_AGAIN = 'Run `serverless deploy`, so that functions and fleets are of one version.';

const parseJson = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    throw new Error(`The fleets in the environment are not JSON, so no fleet is known. ${DEPLOY_AGAIN}`);
  }
};

const fleetsOf = (envelope: unknown): unknown => {
  const { form, fleets } = (envelope ?? {}) as { readonly form?: unknown; readonly fleets?: unknown };
  if (form === SERIALISED_FORM) return fleets;
  const found = `are of form ${described(form)}; this version reads form ${SERIALISED_FORM}`;
  throw new Error(`The fleets in the environment ${found}, so they are left alone. ${DEPLOY_AGAIN}`);
};

/**
 * Reads what `serialiseFleets` wrote, and checks it as strictly as the file it came from.
 * Throws when it is of another form or does not pass: a function without its fleets must not act.
 */
export const parseFleets = (json: string): readonly FleetSpecification[] => {
  const { fleets, findings } = checkFleets({ version: FLEET_FILE_VERSION, fleets: fleetsOf(parseJson(json)) });
  const errors = findings.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return fleets;
  const list = errors.map(({ path, reason }) => `${pathText(path)}: ${reason}`).join('; ');
  throw new Error(`The fleets in the environment are not valid (${list}). ${DEPLOY_AGAIN}`);
};
