import { sourceOf } from './build-specification.ts';
import { FleetSchema } from './fleet-schema.ts';
import type { FleetSpecification } from './fleet-specification.ts';
import { leaveOutDefaults } from './leave-out-defaults.ts';

/** The form of the text between `serialiseFleets` and `parseFleets`. */
export const SERIALISED_FORM = 1;

/** The fleets as one line of JSON, for the functions' environment. Defaults are left out: reading fills them in again. */
export const serialiseFleets = (fleets: readonly FleetSpecification[]): string =>
  JSON.stringify({
    form: SERIALISED_FORM,
    fleets: Object.fromEntries(fleets.map((fleet) => [fleet.name, leaveOutDefaults(FleetSchema, sourceOf(fleet))])),
  });
