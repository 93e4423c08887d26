import type { FleetMode } from '../../fleet/fleet-settings.ts';
import type { Caller } from '../life/caller.ts';
import type { Judge } from './promises.ts';

/** Writes of machines' and fleets' own rows that buy, end or let go: the design leaves them to `manage`. */
const BUYING = [
  'machines.launch',
  'machines.terminate',
  'fleets.changeHead',
  'fleets.recordAnswer',
  'instances.withdraw',
];

/** Where only is watched, rows may be recorded and plans kept, and no more (design, section 4, Modes). */
const ACTING = [
  ...BUYING,
  ...['tasks.apply', 'queue.send', 'queue.sendMany', 'queue.delete', 'queue.changeVisibility'],
  ...['instances.dropLease', 'instances.changeLeases', 'instances.markGone', 'instances.markGroupStep'],
  ...['fleets.removeMember', 'fleets.closeIntent', 'money.putRun'],
  ...['groups.detach', 'groups.deregister', 'groups.completeLifecycle'],
];

const FORBIDDEN: Readonly<Record<FleetMode, ReadonlySet<string>>> = {
  manage: new Set(),
  attach: new Set(BUYING),
  observe: new Set(ACTING),
};

/** Takes back what a cancelled change had announced, which is recording. */
const isRecording = (method: string, args: readonly unknown[]): boolean =>
  method === 'instances.withdraw' && args[1] === 'scheduled-change';

type Callable = (...args: readonly unknown[]) => unknown;

/** A port whose every call is judged by the mode of the fleet that it is for, as the fleet file was when its caller began. */
export const auditModes = <Port extends object>(
  { judge, caller, mode }: { readonly judge: Judge; readonly caller: Caller; readonly mode: FleetMode },
  name: string,
  port: Port,
): Port => {
  if (FORBIDDEN[mode].size === 0) return port;
  const judged: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(port) as [string, unknown][]) {
    const method = `${name}.${member}`;
    judged[member] = !FORBIDDEN[mode].has(method)
      ? value
      : (...args: readonly unknown[]) => {
          if (!isRecording(method, args)) judge.say('N2', `${method} by ${caller.name}, and the fleet is in ${mode}`);
          return (value as Callable)(...args);
        };
  }
  return judged as Port;
};
