import type { Signal } from '../fleet/signal.ts';
import { type EpochMs, toIso } from '../fleet/time.ts';
import type { ExpectedOrigin } from '../signals/origin.ts';
import { type ParsedBody, parseSignal } from '../signals/parse-signal.ts';
import { eventsInFile } from './event-file.ts';
import { wouldDo } from './would-do.ts';

/** A signal with its times as text, as it is printed. */
export type CheckedSignal = Omit<Signal, 'at' | 'deadline'> & { readonly at: string; readonly deadline?: string };

/** One event of a file. `event` is AWS's detail-type, or null where none of ours could be made out. */
export interface CheckedEvent {
  readonly event: string | null;
  readonly eventId?: string;
  readonly signals: readonly CheckedSignal[];
  readonly ignored?: string;
  readonly refused?: string;
  readonly wouldDo: readonly string[];
}

export interface CheckedFile {
  readonly file: string;
  readonly events: readonly CheckedEvent[];
  /** Why the file as a whole cannot be read. */
  readonly refused?: string;
  /** Whether the file and every event in it could be read, and none was refused. */
  readonly readable: boolean;
}

const checkedSignal = ({ kind, instanceId, at, deadline, action }: Signal): CheckedSignal => ({
  kind,
  instanceId,
  at: toIso(at),
  ...(deadline !== undefined && { deadline: toIso(deadline) }),
  ...(action && { action }),
});

const findingsOf = (parsed: ParsedBody): Omit<CheckedEvent, 'wouldDo'> => {
  switch (parsed.kind) {
    case 'signals':
      return {
        event: parsed.name,
        ...(parsed.eventId !== undefined && { eventId: parsed.eventId }),
        signals: parsed.signals.map(checkedSignal),
      };
    case 'ignored':
      return { event: parsed.name, signals: [], ignored: parsed.because };
    case 'unrecognised':
    case 'refused':
      return { event: null, signals: [], refused: parsed.because };
  }
};

export const unreadableFile = (file: string, because: string): CheckedFile => ({
  file,
  events: [],
  refused: because,
  readable: false,
});

/** What a file's events say and what the service would do about each, as if they arrived now. */
export const checkEvents = (file: string, contents: string, expected: ExpectedOrigin, now: EpochMs): CheckedFile => {
  const found = eventsInFile(contents);
  if (!found.ok) return unreadableFile(file, found.because);
  const events = found.bodies.map((body): CheckedEvent => {
    const parsed = parseSignal(body, expected, now);
    return { ...findingsOf(parsed), wouldDo: wouldDo(parsed, now) };
  });
  return { file, events, readable: events.every((event) => event.refused === undefined) };
};
