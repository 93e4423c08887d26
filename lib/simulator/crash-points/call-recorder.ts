/**
 * What may happen to one call of the outside world.
 *
 * - `failed-before`: it throws, and nothing has happened.
 * - `reply-lost`: it has happened, and throws all the same.
 * - `crashed-after`: it has happened, and whoever called ends at that moment: no reply, no clean-up, nothing more.
 */
export const FAULT_OUTCOMES = ['failed-before', 'reply-lost', 'crashed-after'] as const;
export type FaultOutcome = (typeof FAULT_OUTCOMES)[number];

/** One call of the outside world, found by running the scenario. */
export interface CallSite {
  /** Who called: `signals`, `minute`, `wake`, `agent 1`. */
  readonly by: string;
  /** Port and method. */
  readonly call: string;
  /** Which of the scenario's calls of this method it is, 1 for the first. */
  readonly nth: number;
  /** The step of the protocol, where the call is one. */
  readonly step?: string;
}

export interface Fault extends Pick<CallSite, 'call' | 'nth'> {
  readonly outcome: FaultOutcome;
}

/** Looks to the caller like any failure of a service. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
  constructor({ call, nth, outcome }: Fault) {
    super(`${call} (call ${nth}): ${outcome}`);
  }
}

/** A promise of somebody who does not live to see it kept. */
const never = <T>(): Promise<T> => new Promise(() => {});

/** One run of a function, or one life of an agent's process: what ends as a whole when it crashes. */
export interface Invocation {
  /** Resolves when it crashes; never otherwise. */
  readonly crashed: Promise<void>;
  crash(): void;
  /** From the first call that matches, every call waits for the pause to be over: the caller stands still, and goes on. */
  stallAt(matches: (call: string, step: string | undefined) => boolean, pause: () => Promise<void>): void;
  /** Makes a call of the outside world, with the fault that is due for it. */
  call<T>(call: string, step: string | undefined, effect: () => Promise<T>): Promise<T>;
}

/** Counts calls, so that the same call is found again in another run of the same scenario, and strikes some of them. */
export interface CallRecorder {
  readonly sites: readonly CallSite[];
  /** Where each fault that has struck stands among the sites. */
  readonly struck: readonly number[];
  /** Calls of an invocation that is not explored are neither counted nor struck. */
  begin(by: string, isExplored: boolean): Invocation;
}

/** The faults strike in their order: one that comes later is not looked for before the one before has struck. */
export const createCallRecorder = (faults: readonly Fault[] = []): CallRecorder => {
  const sites: CallSite[] = [];
  const counts = new Map<string, number>();
  const struck: number[] = [];

  /** Answers the fault that strikes this call. */
  const record = (by: string, call: string, step: string | undefined): Fault | undefined => {
    const nth = (counts.get(call) ?? 0) + 1;
    counts.set(call, nth);
    sites.push({ by, call, nth, ...(step === undefined ? {} : { step }) });
    const due = faults[struck.length];
    if (due?.call !== call || due.nth !== nth) return undefined;
    struck.push(sites.length - 1);
    return due;
  };

  const begin = (by: string, isExplored: boolean): Invocation => {
    const { promise: crashed, resolve } = Promise.withResolvers<void>();
    let isDead = false;
    let stalled: Promise<void> | undefined;
    let stall: Parameters<Invocation['stallAt']> | undefined;
    const standStill = async (call: string, step: string | undefined): Promise<void> => {
      if (stall?.[0](call, step)) stalled ??= stall[1]();
      await stalled;
    };
    const crash = (): void => {
      isDead = true;
      resolve();
    };
    const strike = async <T>(fault: Fault, effect: () => Promise<T>): Promise<T> => {
      if (fault.outcome === 'failed-before') throw new InjectedFault(fault);
      await effect();
      if (fault.outcome === 'reply-lost') throw new InjectedFault(fault);
      crash();
      return never();
    };
    return {
      crashed,
      crash,
      stallAt: (...asked) => {
        stall = asked;
      },
      call: async (call, step, effect) => {
        if (stall !== undefined) await standStill(call, step);
        if (isDead) return never();
        const fault = isExplored ? record(by, call, step) : undefined;
        const answer = await (fault === undefined ? effect() : strike(fault, effect));
        // What was under way when its caller crashed has happened; nobody hears of it.
        return isDead ? never() : answer;
      },
    };
  };

  return { sites, struck, begin };
};
