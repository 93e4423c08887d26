import { readFileSync } from 'node:fs';
import { epochMs } from '../../lib/fleet/time.ts';
import type { ExpectedOrigin } from '../../lib/signals/origin.ts';
import { type ParsedBody, parseSignal } from '../../lib/signals/parse-signal.ts';

export const ACCOUNT = '123456789012';
export const NOW = epochMs(Date.UTC(2026, 5, 1));

export const fixture = (name: string): string =>
  readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8');

export const inRegion = (region: string): ExpectedOrigin => ({ account: ACCOUNT, region });

export const parseIn = (region: string, body: string): ParsedBody => parseSignal(body, inRegion(region), NOW);

type Json = Record<string, unknown>;

/** A fixture with some of its top-level fields and detail fields replaced; `undefined` removes a field. */
export const changed = (name: string, fields: Json, detail: Json = {}): string => {
  const event = JSON.parse(fixture(name));
  return JSON.stringify({ ...event, detail: { ...event.detail, ...detail }, ...fields });
};
