/** The record's line for one served request: see docs/record-format.md. */
import type { EpochMs } from '../../fleet/time.ts';
import type { Caller, LocalResponse, LocalService, RecordLine, ServiceCall } from '../service.ts';
import { outcomeOf } from './answers.ts';

export interface ServedRequest {
  readonly startedAt: EpochMs;
  readonly now: EpochMs;
  readonly response: LocalResponse;
  readonly service?: LocalService;
  readonly signingName?: string;
  readonly caller?: Caller;
  readonly call?: ServiceCall;
  readonly denied?: boolean;
}

/** `root`, `role/NAME/SESSION` or `service/PRINCIPAL`. */
export const callerName = (caller: Caller | undefined): string => {
  if (caller === undefined) return 'unknown';
  if (caller.kind === 'role') return `role/${caller.roleName}/${caller.sessionName}`;
  return caller.kind === 'service' ? `service/${caller.principal}` : 'root';
};

/** What the caller's policies were asked: enough to ask them again, or others, without the request. */
const askedOf = ({ caller, call }: ServedRequest): Readonly<Record<string, unknown>> =>
  caller?.kind === 'role' && call !== undefined
    ? { checks: call.checks.map(({ action, resource, context }) => ({ action, resource, context })) }
    : {};

export const requestLine = (served: ServedRequest): Omit<RecordLine, 'at'> & { readonly kind: string } => ({
  kind: 'request',
  startedAt: served.startedAt,
  durationMs: served.now - served.startedAt,
  caller: callerName(served.caller),
  service: served.signingName ?? 'unknown',
  action: served.call?.action ?? 'unknown',
  parameters: { ...served.call?.parameters, ...served.response.recorded },
  status: served.response.status,
  outcome: outcomeOf(served.response),
  ...askedOf(served),
  ...(served.denied && { denied: true }),
});
