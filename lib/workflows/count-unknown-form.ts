import { UnknownForm } from '../fleet/unknown-form.ts';
import type { Metrics } from '../ports/telemetry.ts';

/** A record of another version is left alone; that somebody met it must be heard of (design section 6). */
export const countUnknownForm = ({ metrics }: { readonly metrics: Metrics }, error: unknown): void => {
  if (error instanceof UnknownForm) metrics.count('UnknownForm');
};
