import type { Caller, Method, Service } from './caller.ts';

const SERVICES: Readonly<Record<string, Service>> = {
  instances: 'dynamodb',
  tasks: 'dynamodb',
  fleets: 'dynamodb',
  money: 'dynamodb',
  queue: 'sqs',
  deadLetters: 'sqs',
  wakes: 'sqs',
  signals: 'sqs',
  machines: 'ec2',
  groups: 'ec2',
  blobs: 's3',
  imds: 'imds',
};

/** Methods that go nowhere: no service is asked, so none can fail. */
const LOCAL_METHODS: readonly string[] = ['machines.serialise', 'queue.receivesMax'];

const METHODS = new Map<string, Method>();

/** By name and not by order of use: the trace hash of a seed must not depend on what ran before it. */
const serialOf = (name: string): number =>
  [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5);

const methodOf = (port: string, member: string): Method => {
  const name = `${port}.${member}`;
  const known = METHODS.get(name);
  if (known !== undefined) return known;
  const method: Method = { name, service: SERVICES[port]!, serial: serialOf(name) };
  METHODS.set(name, method);
  return method;
};

type Callable = (...args: readonly unknown[]) => Promise<unknown>;

interface Member {
  readonly name: string;
  readonly value: unknown;
  /** Absent where no service is asked. */
  readonly method?: Method;
}

/** What a port is made of, worked out once: every invocation of a function sees a dozen ports of its own. */
const MEMBERS = new WeakMap<object, readonly Member[]>();

const membersOf = (name: string, port: object): readonly Member[] => {
  const known = MEMBERS.get(port);
  if (known !== undefined) return known;
  const members = Object.entries(port).map(([member, value]): Member => {
    const isCalled = typeof value === 'function' && !LOCAL_METHODS.includes(`${name}.${member}`);
    return isCalled ? { name: member, value, method: methodOf(name, member) } : { name: member, value };
  });
  MEMBERS.set(port, members);
  return members;
};

/** The same port as this caller sees it: each method is a call of a service, which may go wrong, and is told of then. */
export const calledPort = <Port extends object>(
  name: string,
  port: Port,
  caller: Caller,
  onFailure?: () => void,
): Port => {
  const called: Record<string, unknown> = {};
  for (const member of membersOf(name, port)) {
    const { method, value } = member;
    const effect = value as Callable;
    called[member.name] =
      method === undefined
        ? value
        : (...args: readonly unknown[]) => caller.call(method, args, () => effect(...args), onFailure);
  }
  return called as Port;
};
