import type { TaskStep } from '../../fleet/task-protocol.ts';
import type { Invocation } from './call-recorder.ts';

/** Methods that go nowhere: no service is asked, so none can fail. */
const LOCAL_METHODS: readonly string[] = ['machines.serialise'];

const stepOf = (call: string, args: readonly unknown[]): string | undefined =>
  call === 'tasks.apply' ? (args[1] as TaskStep).step : undefined;

/** The same port, each of whose methods is a call that can be found, counted and struck. */
export const instrumented = <Port extends object>(name: string, port: Port, invocation: Invocation): Port =>
  new Proxy(port, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property);
      const call = `${name}.${String(property)}`;
      if (typeof member !== 'function' || LOCAL_METHODS.includes(call)) return member;
      return (...args: readonly unknown[]) =>
        invocation.call(call, stepOf(call, args), async () => member.apply(target, args) as unknown);
    },
  });
