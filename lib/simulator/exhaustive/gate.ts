/** One call of the outside world that an actor has made and that has not happened yet. */
export interface PendingCall {
  readonly name: string;
  /** Lets it happen; what it answers reaches nobody yet. */
  readonly effect: () => Promise<unknown>;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Holds back every call of one actor until somebody decides that it is its turn. */
export interface Gate {
  /** In the order in which they were made. */
  readonly pending: PendingCall[];
  /** The same port, each of whose methods waits for its turn. */
  port<Port extends object>(name: string, port: Port): Port;
}

/** Methods that go nowhere: no service is asked, so nobody can come in between. */
const LOCAL_METHODS: readonly string[] = ['machines.serialise'];

export const createGate = (): Gate => {
  const pending: PendingCall[] = [];
  const waitForTurn = (name: string, effect: () => Promise<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      pending.push({ name, effect, resolve, reject });
    });
  return {
    pending,
    port: (portName, port) => {
      const gated: Record<string, unknown> = {};
      for (const [member, value] of Object.entries(port) as [string, unknown][]) {
        const name = `${portName}.${member}`;
        gated[member] =
          typeof value !== 'function' || LOCAL_METHODS.includes(name)
            ? value
            : (...args: readonly unknown[]) => waitForTurn(name, async () => value(...args) as unknown);
      }
      return gated as typeof port;
    },
  };
};
