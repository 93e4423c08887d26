import type { AgentPorts } from '../../../lib/agent/world.ts';
import { createServiceClock } from '../../../lib/clock/service-clock.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import { httpDate, manualMachine } from '../../support/manual-machine.ts';

type Method = (...parameters: readonly unknown[]) => Promise<unknown>;

/** A moment that the agent wrote, and how far it was from the service's time then. */
export interface Stamp {
  readonly site: string;
  /** The service's time. */
  readonly at: number;
  readonly errorMs: number;
}

const DATED = ['instances', 'tasks', 'queue', 'deadLetters', 'wakes', 'blobs'] as const;

/** Where the two stores take the agent's `now`. */
const STAMP_AT: Readonly<Record<string, (parameters: readonly unknown[]) => unknown>> = {
  'instances.openSession': (parameters) => parameters[2],
  'instances.heartbeat': (parameters) => parameters[2],
  'instances.recordSignal': (parameters) => parameters[2],
  'instances.changeLeases': (parameters) => parameters[1],
  'tasks.apply': (parameters) => (parameters[1] as { readonly now?: number }).now,
};

/**
 * A machine with clocks of its own between its agent and the cloud: every answer carries the service's date, in whole
 * seconds, and none comes while the machine stands still.
 */
export const machineWithServiceTime = (truth: ManualClock, wrongByMs = 0) => {
  const machine = manualMachine(truth, wrongByMs);
  const clock = createServiceClock({ time: machine.time });
  const stamps: Stamp[] = [];
  const calls: string[] = [];

  const note = (site: string, parameters: readonly unknown[]): void => {
    calls.push(site);
    const stamp = STAMP_AT[site]?.(parameters);
    if (typeof stamp === 'number') stamps.push({ site, at: truth.now(), errorMs: stamp - truth.now() });
  };

  const dated =
    (site: string, method: Method): Method =>
    async (...parameters) => {
      note(site, parameters);
      const sentAtMs = clock.steadyMs();
      try {
        return await method(...parameters);
      } finally {
        const date = httpDate(truth.now());
        await machine.running();
        clock.onDate(date, sentAtMs, clock.steadyMs());
      }
    };

  const datedPort = (name: string, port: object): object =>
    Object.fromEntries(
      Object.entries(port).map(([method, value]) => [
        method,
        typeof value === 'function' ? dated(`${name}.${method}`, value as Method) : value,
      ]),
    );

  const wrap = (ports: AgentPorts): AgentPorts => ({
    ...ports,
    clock,
    ...(Object.fromEntries(DATED.map((name) => [name, datedPort(name, ports[name])])) as Partial<AgentPorts>),
  });

  return { ...machine, clock, wrap, stamps, calls };
};
