import type { SignalKind } from '../fleet/signal.ts';
import type { Promised } from './promises.ts';

/** A machine's item as far as the rules ask about it; the service's own records are of this form. */
export interface ModelItem {
  readonly session?: string | undefined;
  readonly drainingAt?: number | undefined;
  readonly goneAt?: number | undefined;
  /** Task to attempt. */
  readonly leases: Readonly<Record<string, number>>;
  readonly signals: Readonly<Partial<Record<SignalKind, unknown>>>;
}

export interface Breach {
  readonly promise: Promised;
  readonly found: string;
  /** What would have been allowed instead. */
  readonly allowed: string;
}

/** Kinds of an end that EC2's own description tells. */
export const OBSERVED: readonly SignalKind[] = [
  'state-stopping',
  'state-stopped',
  'state-shutting-down',
  'state-terminated',
  'bid-evicted',
  'terminated-by-request',
  'shut-down-by-itself',
];

/** Kinds that end a machine, whenever they come. */
export const ENDS_NOW: readonly SignalKind[] = [
  ...OBSERVED,
  'spot-interruption',
  'lifecycle-terminating',
  'machine-stopping',
  'operator-drain',
];

/** Kinds that end it once their time is near. */
export const ENDS_LATER: readonly SignalKind[] = ['scheduled-change', 'capacity-reservation-interruption'];

const ADVICE: SignalKind = 'rebalance-recommendation';

const kindsOf = ({ signals }: ModelItem): SignalKind[] =>
  (Object.keys(signals) as SignalKind[]).filter((kind) => signals[kind] !== undefined);

const addedLeases = (before: ModelItem, after: ModelItem): string[] =>
  before.leases === after.leases
    ? []
    : Object.keys(after.leases).filter((id) => after.leases[id] !== before.leases[id]);

function* leaseBreaches(before: ModelItem, after: ModelItem): Generator<Breach> {
  const added = addedLeases(before, after);
  if (added.length === 0) return;
  const tasks = added.join(' ');
  const allowed = 'giving tasks up; a machine on its way out holds no new ones';
  if (before.drainingAt !== undefined)
    yield { promise: 'N6', found: `${tasks} held on a machine that drains`, allowed };
  else if (before.goneAt !== undefined)
    yield { promise: 'N6', found: `${tasks} held on a machine that is gone`, allowed };
  else if (before.signals.leave !== undefined) {
    yield { promise: 'N6', found: `${tasks} held on a machine that leaves`, allowed };
  }
}

function* drainBreaches(before: ModelItem, after: ModelItem, drainsWhenAdvised: boolean): Generator<Breach> {
  if (before.drainingAt !== undefined) {
    if (after.drainingAt === before.drainingAt) return;
    const found = after.drainingAt === undefined ? 'it drained and does not any more' : 'it drained and does so anew';
    yield { promise: 'N5', found, allowed: 'anything but changing when it began to drain' };
    return;
  }
  const kinds = kindsOf(after);
  if (after.drainingAt === undefined) {
    const ending = kinds.find((kind) => kind === 'spot-interruption');
    if (ending !== undefined) {
      yield {
        promise: 'N6',
        found: 'it is warned and does not drain',
        allowed: 'recording the warning and draining in one write',
      };
    }
    return;
  }
  const mayDrain = (kind: SignalKind): boolean =>
    ENDS_NOW.includes(kind) || ENDS_LATER.includes(kind) || (kind === ADVICE && drainsWhenAdvised);
  if (!kinds.some(mayDrain)) {
    yield {
      promise: 'N2',
      found: 'it drains and nothing ends it',
      allowed: 'draining together with the signal that ends it',
    };
  }
}

/**
 * What is wrong with a change of a machine's item, by the rules of the design's section 3 alone: nothing is known of who
 * made it and why.
 */
export function* changeBreaches(
  before: ModelItem,
  after: ModelItem,
  { drainsWhenAdvised }: { readonly drainsWhenAdvised: boolean },
): Generator<Breach> {
  if (before.session !== undefined && after.session !== before.session) {
    yield { promise: 'N6', found: 'it has another session', allowed: `writes of session ${before.session}` };
  }
  if (before.goneAt !== undefined && after.goneAt !== before.goneAt) {
    yield {
      promise: 'M2',
      found: 'it was gone and is so no more, or anew',
      allowed: 'anything but changing when it was gone',
    };
  }
  yield* leaseBreaches(before, after);
  yield* drainBreaches(before, after, drainsWhenAdvised);
}

/** Silence after which the service may act for an agent, with a second for clocks that differ. */
export const SILENCE_MS = 49_000;

/** What is wrong with ending a machine that was so when whoever ends it had read it. */
export function* endingBreaches(item: ModelItem, silentMs: number): Generator<Breach> {
  const allowed = 'ending a machine that drains, holds nothing and has been silent for 50 s';
  if (item.drainingAt === undefined) yield { promise: 'N2', found: 'to be ended and does not drain', allowed };
  const held = Object.keys(item.leases);
  if (held.length > 0) yield { promise: 'W1', found: `to be ended with ${held.join(' ')} on it`, allowed };
  if (silentMs < SILENCE_MS) yield { promise: 'N2', found: 'to be ended and lives', allowed };
}

/** What is wrong with taking a task from a machine: of one that lives, stays and holds it nobody may. */
export const releaseBreach = (
  owner: ModelItem | undefined,
  task: { readonly id: string; readonly attempt: number },
  silentMs: number,
): Breach | undefined => {
  if (owner === undefined || owner.drainingAt !== undefined || owner.goneAt !== undefined) return undefined;
  if (owner.leases[task.id] !== task.attempt || silentMs >= SILENCE_MS) return undefined;
  return {
    promise: 'W4',
    found: 'it was taken from a machine that lives and holds it',
    allowed: 'releasing it once its machine drains, has been silent for 50 s, or does not hold it',
  };
};
