import type { InstanceId, SessionId } from '../fleet/ids.ts';

/**
 * What outlives the agent's process on its machine, until the machine is booted anew: who it was. An agent that its
 * service manager starts again finds its session there, and goes on with it (reliability F33); a second agent beside a
 * living one finds the lock taken (F65).
 */
export interface MachineState {
  /** The one agent of this machine is whoever gets the lock; it ends with the process, however that ends. */
  takeLock(instanceId: InstanceId): Promise<boolean>;
  /** The session that an agent of this machine had, as far as it could be kept. */
  readSession(instanceId: InstanceId): Promise<SessionId | undefined>;
  /** Kept before it is opened, so that an agent that ends in between is not locked out by itself. */
  keepSession(instanceId: InstanceId, session: SessionId): Promise<void>;
}

/** A machine that remembers for as long as whoever made this; its locks end with `endProcess`. */
export interface MemoryMachineState extends MachineState {
  endProcess(): void;
}

export const memoryMachineState = (): MemoryMachineState => {
  const sessions = new Map<InstanceId, SessionId>();
  const locks = new Set<InstanceId>();
  return {
    takeLock: async (instanceId) => !locks.has(instanceId) && locks.add(instanceId) !== undefined,
    readSession: async (instanceId) => sessions.get(instanceId),
    keepSession: async (instanceId, session) => {
      sessions.set(instanceId, session);
    },
    endProcess: () => locks.clear(),
  };
};
