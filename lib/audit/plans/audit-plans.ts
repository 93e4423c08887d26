import type { Report } from '../finding.ts';
import type { Promised } from '../promises.ts';
import type { PlanLine, PlannedAction } from './plan-line.ts';

/** What only a reconcile decides, which has asked EC2; all else a delivery of a signal may lead to by itself. */
const BY_RECONCILE: readonly PlannedAction['does'][] = ['terminate', 'launch', 'close-run', 'leave', 'stay'];

const PROMISE_OF_ACTION: Partial<Record<PlannedAction['does'], Promised>> = {
  terminate: 'N2',
  launch: 'N3',
  'close-run': 'M2',
};

/** Two functions write their lines at their own pace. */
const APART_MS = 2_000;

/** A reconcile may act for as long as it may run on an item that it read at its beginning. */
const READ_AGO_MS = 60_000;

const CLOSED: readonly string[] = ['draining', 'gone'];

interface Released {
  readonly attempt: number;
  readonly machine: string;
}

export interface PlansJudged {
  readonly steps: number;
  readonly tasks: number;
  readonly machines: number;
}

/** A log of plans, judged by the same table as far as plans tell what is done. */
export class PlanAudit {
  readonly #report: Report;
  readonly #released = new Map<string, Released>();
  /** Since when each machine drains. */
  readonly #drainingSince = new Map<string, number>();
  readonly #machines = new Set<string>();
  readonly #launches = new Map<string, number>();
  #steps = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  judge(line: PlanLine, number: number): void {
    this.#steps += 1;
    const say = (promise: Promised, what: string, why: string, allowed: string): void =>
      this.#report({ line: number, at: line.at, promise, what, why, allowed });
    switch (line.tells) {
      case 'plan':
        for (const action of line.actions) this.#judgeAction(line, action, say);
        break;
      case 'release':
        this.#judgeRelease(line, say);
        break;
      case 'signal':
        this.#judgeSignal(line, say);
        break;
      case 'launch':
        this.#judgeLaunch(line, say);
    }
  }

  judged(): PlansJudged {
    return { steps: this.#steps, tasks: this.#released.size, machines: this.#machines.size };
  }

  #judgeAction(
    { by, at, subject }: Extract<PlanLine, { tells: 'plan' }>,
    { does, machines }: PlannedAction,
    say: Say,
  ): void {
    const what = `${does} of ${machines.join(' ') || subject} by ${by}`;
    if (by === 'signals' && BY_RECONCILE.includes(does)) {
      const why = 'a signal alone leads to no such thing';
      say(PROMISE_OF_ACTION[does] ?? 'N2', what, why, 'waking the fleet: its reconcile decides about that');
    }
    for (const machine of machines) {
      this.#machines.add(machine);
      const since = this.#drainingSince.get(machine);
      if ((does === 'stay' || does === 'leave') && since !== undefined && at > since + READ_AGO_MS) {
        const why = `it drains since ${new Date(since).toISOString()}`;
        say('N5', what, why, 'nothing but its end: draining is final');
      }
      if (does === 'mark-draining') this.#drain(machine, at);
    }
  }

  #judgeSignal({ machine, signal, lifecycle, at }: Extract<PlanLine, { tells: 'signal' }>, say: Say): void {
    this.#machines.add(machine);
    const isClosed = CLOSED.includes(lifecycle);
    if (isClosed) this.#drain(machine, at);
    const since = this.#drainingSince.get(machine);
    if (isClosed || since === undefined || at <= since + APART_MS) return;
    const what = `${signal} of ${machine}`;
    say(
      'N5',
      what,
      `it makes a machine ${lifecycle} that drains since ${new Date(since).toISOString()}`,
      'draining or gone',
    );
  }

  #drain(machine: string, at: number): void {
    if (!this.#drainingSince.has(machine)) this.#drainingSince.set(machine, at);
  }

  #judgeRelease({ task, attempt, machine, by }: Extract<PlanLine, { tells: 'release' }>, say: Say): void {
    this.#machines.add(machine);
    const before = this.#released.get(task);
    const what = `release of ${task} by ${by}`;
    if (before !== undefined && attempt < before.attempt) {
      const allowed = `releases of an attempt after ${before.attempt}`;
      say('W3', what, `attempt ${attempt} is released after attempt ${before.attempt}`, allowed);
    }
    if (before !== undefined && attempt === before.attempt && machine !== before.machine) {
      const why = `attempt ${attempt} is taken from ${machine}, and was ${before.machine}’s`;
      say('W2', what, why, `repeating the release from ${before.machine}`);
    }
    if (before === undefined || attempt > before.attempt) this.#released.set(task, { attempt, machine });
  }

  #judgeLaunch({ intent, asked, by }: Extract<PlanLine, { tells: 'launch' }>, say: Say): void {
    const before = this.#launches.get(intent);
    this.#launches.set(intent, before ?? asked);
    const what = `launch ${intent} by ${by}`;
    if (before !== undefined && before !== asked) {
      say(
        'N4',
        what,
        `it asks for ${asked} machines, and asked for ${before} before`,
        'the same request, byte for byte',
      );
    }
    if (by !== 'reconcile') say('N3', what, 'only a reconcile asks for machines', 'waking the fleet');
  }
}

type Say = (promise: Promised, what: string, why: string, allowed: string) => void;
