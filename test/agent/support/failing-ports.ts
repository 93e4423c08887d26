import type { AgentPorts } from '../../../lib/agent/world.ts';

/** Where an agent calls something outside its process: the port, the method, and for the ledger the step. */
export type CallSite = string;

/** One call that fails, before its effect or after it: then the reply is what was lost. */
export interface Fault {
  readonly site: CallSite;
  readonly when: 'before' | 'after';
  /** Which call at this site fails, counted from 1. */
  readonly call: number;
  /** How many calls fail from there on. */
  readonly times: number;
}

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

const WRAPPED = ['instances', 'tasks', 'queue', 'deadLetters', 'wakes', 'blobs', 'imds'] as const;

const stepOf = (parameter: unknown): string => {
  const step = (parameter as { readonly step?: unknown } | undefined)?.step;
  return typeof step === 'string' ? `:${step}` : '';
};

/** Counts every outside call by its site, and lets the chosen one fail. */
export const failingPorts = (fault?: Fault) => {
  const calls = new Map<CallSite, number>();
  let injected = 0;

  const wrapMethod =
    (name: string, method: Method): Method =>
    async (...parameters) => {
      const site = `${name}${stepOf(parameters[1])}`;
      const call = (calls.get(site) ?? 0) + 1;
      calls.set(site, call);
      const fails = fault?.site === site && call >= fault.call && call < fault.call + fault.times;
      if (fails) injected += 1;
      if (fails && fault.when === 'before') throw new Error(`injected before ${site}`);
      const answer = await method(...parameters);
      if (fails) throw new Error(`injected after ${site}`);
      return answer;
    };

  const wrapPort = (name: string, port: object): object =>
    Object.fromEntries(
      Object.entries(port).map(([method, value]) => [
        method,
        typeof value === 'function' ? wrapMethod(`${name}.${method}`, value as Method) : value,
      ]),
    );

  const wrap = (ports: AgentPorts): AgentPorts => ({
    ...ports,
    ...(Object.fromEntries(WRAPPED.map((name) => [name, wrapPort(name, ports[name])])) as Partial<AgentPorts>),
  });

  return { wrap, calls, injected: () => injected };
};
