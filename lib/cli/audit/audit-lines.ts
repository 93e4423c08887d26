import type { Finding } from '../../audit/finding.ts';
import { type Line, linesOf } from '../submit/lines.ts';
import type { ByteSource } from '../world.ts';
import { auditFor, type Judged, NOT_JSON, type TraceAudit } from './trace-audit.ts';

/** A line of a record is some kilobytes; a fleet of thousands names all its machines in one. */
const LINE_BYTES_MAX = 4 * 1_024 * 1_024;

/** So many are told; a broken row makes many steps after it wrong as well. */
const FINDINGS_MAX = 20;

export interface Audited {
  readonly lines: number;
  /** In the order of their lines; the first ones only. */
  readonly findings: readonly Finding[];
  readonly found: number;
  readonly judged: Judged | undefined;
  /** The last line ends in its middle: whoever wrote it was stopped. */
  readonly isCutOff: boolean;
  /** What keeps the rest from being read. */
  readonly unreadable?: { readonly line: number; readonly because: string };
  readonly isInterrupted: boolean;
}

/** The findings of the lowest lines: one that comes to light later may lie before those that came first. */
class FirstFindings {
  readonly kept: Finding[] = [];
  found = 0;

  add(finding: Finding): void {
    this.found += 1;
    const after = this.kept.findIndex(({ line }) => line > finding.line);
    this.kept.splice(after < 0 ? this.kept.length : after, 0, finding);
    if (this.kept.length > FINDINGS_MAX) this.kept.pop();
  }
}

const TOO_LONG = `it is longer than ${LINE_BYTES_MAX / 1_024 / 1_024} MB`;

const faultOf = (line: Line, audit: TraceAudit): string | undefined => {
  if ('text' in line) return audit.take(line.text, line.number);
  return line.fault === 'too-long' ? TOO_LONG : NOT_JSON;
};

export interface AuditOptions {
  readonly signal: AbortSignal;
  readonly onLine: (number: number) => void;
}

/** Judges a file line by line. What is kept is one small row for each task and machine, whatever the file's length. */
export const auditLines = async (source: ByteSource, { signal, onLine }: AuditOptions): Promise<Audited> => {
  const first = new FirstFindings();
  let audit: TraceAudit | undefined;
  let lines = 0;
  let fault: Audited['unreadable'];
  let isLast = true;
  for await (const line of linesOf(source.read(signal), LINE_BYTES_MAX)) {
    isLast = fault === undefined;
    if (!isLast) break;
    audit ??= auditFor('text' in line ? line.text : '', (finding) => first.add(finding));
    const because = faultOf(line, audit);
    if (because === undefined) lines = line.number;
    else fault = { line: line.number, because };
    onLine(line.number);
  }
  // Damage inside a file is damage; a last line that is no JSON was being written when its writer was stopped.
  const isCutOff = isLast && fault?.because === NOT_JSON && lines > 0;
  const told = { lines, findings: first.kept, found: first.found, judged: audit?.judged(), isCutOff };
  const isInterrupted = signal.aborted;
  return fault === undefined || isCutOff ? { ...told, isInterrupted } : { ...told, unreadable: fault, isInterrupted };
};
