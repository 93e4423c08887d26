import type { Report } from '../finding.ts';
import { readCondition } from './expression.ts';
import { keyPart, type RecordLine } from './record-line.ts';

const RUN = 'run#';

/** The service's clock and EC2's are one here; what is left is the rounding of a call under way. */
const ROUNDING_MS = 1_000;

/** Judges what the money ledger is told of machines, by what really became of them. */
export class RunJudge {
  readonly #report: Report;
  /** Line and time of each machine's closed run. */
  readonly #closed = new Map<string, { readonly line: number; readonly at: number }>();
  steps = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  judge(line: RecordLine, number: number): void {
    const { action, outcome, parameters = {} } = line;
    const entry = keyPart(line, 'entry');
    if (outcome !== 'ok' || !entry.startsWith(RUN)) return;
    this.steps += 1;
    const machine = entry.slice(RUN.length);
    const allowed = 'closing each run once, when its machine has ended';
    const tell = (why: string): void =>
      this.#report({ line: number, at: line.at, promise: 'M2', what: `run of ${machine}`, why, allowed });
    if (action !== 'dynamodb:PutItem') tell('an entry of the ledger stands as it was written');
    else if (!readCondition(parameters).absent.has('entry'))
      tell('its condition lets it replace an entry that is there');
    if (this.#closed.has(machine)) tell('its run is closed already');
    else this.#closed.set(machine, { line: number, at: line.at });
  }

  /** A machine has ended: now it is known whether its run was closed before that. */
  judgeEnd(line: RecordLine): void {
    const machine = line.instanceId ?? '';
    const closed = this.#closed.get(machine);
    const endedAt = line.shuttingDownAt ?? line.at;
    if (closed === undefined || closed.at >= endedAt - ROUNDING_MS) return;
    this.#report({
      line: closed.line,
      at: closed.at,
      promise: 'M2',
      what: `run of ${machine}`,
      why: `it is closed ${Math.round((endedAt - closed.at) / 1_000)} s before the machine ends`,
      allowed: 'closing a run when its machine has ended',
    });
  }
}
