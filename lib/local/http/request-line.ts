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
  ...(served.denied && { denied: true }),
});
