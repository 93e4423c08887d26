import type { Signal } from '../../../../fleet/signal.ts';
import { type EpochMs, epochMs } from '../../../../fleet/time.ts';
import { handleSignalBody, type SignalsWorld } from '../../../../workflows/handle-signal-body.ts';
import type { WakeCollector } from '../../../../workflows/wakes.ts';
import { beginOnly, compareDecisions, type DecisionTable, NEVER_ANSWERED } from '../decision-table.ts';

/** 2027-01-15T08:00:00Z, the receiver's own time. */
export const HEARD_AT = 1_800_000_000_000;

/** `MACHINE` is the one that most events are about. */
export const MACHINE = 'i-1234567890abcdef0';

const WAKES: WakeCollector = { now: () => undefined, at: () => undefined, send: () => NEVER_ANSWERED };

/** What nobody has to know of a signal: an answer that says it all is a long one. */
const signalText = ({ kind, instanceId, at, deadline, action, lifecycleAction }: Signal): string =>
  [
    `${kind} of ${instanceId} at ${at - HEARD_AT}`,
    ...(deadline === undefined ? [] : [`over at ${deadline - HEARD_AT}`]),
    ...(action === undefined ? [] : [action]),
    ...(lifecycleAction === undefined ? [] : [Object.values(lifecycleAction).join(' ')]),
  ].join(' ');

/** A reason is shown where a control character could forge a line. */
const isPlain = (text: string): boolean => /^[\x20-\x7e]{1,300}$/.test(text);

/**
 * What one body of the signals queue leads to, up to the first answer of anybody: nothing that is asked of others ever
 * answers, so that of one event no more than the first sixteen machines are seen.
 */
export const hearEvent = (body: string, now: EpochMs = epochMs(HEARD_AT)): string => {
  const deeds: string[] = [];
  const does = (deed: string): Promise<never> => {
    deeds.push(deed);
    return NEVER_ANSWERED;
  };
  const signals = {
    world: {
      clock: { now: () => now, sleep: () => NEVER_ANSWERED },
      metrics: { count: (name: string) => void deeds.push(name) },
      log: { info: () => undefined, warn: () => undefined },
      instances: {
        recordSignal: (signal: Signal, drains: boolean) => does(`${signalText(signal)}${drains ? ', drains' : ''}`),
        withdraw: (instanceId: string, kind: string) => does(`${kind} of ${instanceId} taken back`),
      },
    },
    queue: {
      keepAside: (kept: string, because: string) =>
        does(kept === body && isPlain(because) ? 'kept aside' : 'kept aside in another form'),
    },
    home: { account: '123456789012', region: 'us-east-1' },
  } as unknown as SignalsWorld;
  beginOnly(handleSignalBody(signals, WAKES, body));
  return deeds.join('; ') || 'nothing';
};

/** Of another account or Region, and of no form that is known: counted and kept, never acted on. */
export const REFUSED = 'SignalsRefused; kept aside';
export const UNRECOGNISED = 'SignalsUnrecognised; kept aside';
export const NOTHING = 'nothing';

export type Fields = Readonly<Record<string, unknown>>;

/** An event as EventBridge writes it, one minute old; what is `undefined` is left out. */
export const eventBody = (source: string, detailType: string, detail: unknown, others: Fields = {}): string =>
  JSON.stringify({
    version: '0',
    id: '12345678-1234-1234-1234-123456789012',
    'detail-type': detailType,
    source,
    account: '123456789012',
    time: '2027-01-15T07:59:00Z',
    region: 'us-east-1',
    resources: ['arn:aws:ec2:us-east-1b:instance/i-0fffffffffffffff0'],
    detail,
    ...others,
  });

/** A body with what it means; should the two part, no more of it is told than its beginning. */
export interface HeardCase {
  readonly begins: string;
  readonly meaning: string;
  readonly body: () => string;
}

const TOLD_CHARACTERS = 600;

export const isHeardAs = (body: string, meaning: string): HeardCase => ({
  begins: body.slice(0, TOLD_CHARACTERS),
  meaning,
  body: () => body,
});

/** Bodies, each with what it is to be understood as. */
export const heardTable = (
  of: Pick<DecisionTable, 'name' | 'promise'>,
  bodies: () => Iterable<HeardCase>,
): DecisionTable => ({
  ...of,
  tryAll: () =>
    compareDecisions(
      bodies(),
      ({ body }) => hearEvent(body()),
      ({ meaning }) => meaning,
    ),
});
