import { powerOffAt } from '../decisions/decide-power-off.ts';
import { type InstanceId, type SessionId, sessionId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import { addMs, secondsToMs } from '../fleet/time.ts';
import { createDrain } from './drain.ts';
import { beat } from './heartbeat.ts';
import { awaitIdentity, type MachineIdentity } from './identity.ts';
import { createLeaseWatch } from './lease-watch.ts';
import { createLeases } from './leases.ts';
import { settleLeftovers } from './leftovers.ts';
import { createMailbox, type Mailbox } from './mailbox.ts';
import { createPulse } from './pulse.ts';
import { createReceivesMax } from './receives-max.ts';
import { createRunTimes } from './run-times.ts';
import { createRunningTasks } from './running-tasks.ts';
import { type Opened, type Opening, openSession } from './session.ts';
import { createSignalDesk, type SignalDesk } from './signal-desk.ts';
import { supervise } from './supervise.ts';
import { emptyTally, type Tally } from './tally.ts';
import { COMMITS_AT_ONCE_MAX, createTurns } from './turns.ts';
import { watchMachine } from './watch.ts';
import { work } from './work.ts';
import type { AgentPorts, AgentSettings, AgentShared } from './world.ts';

/** How an agent came to its end, and whether its machine ends with it. */
export interface AgentEnd {
  readonly reason: 'drained' | 'second-agent' | 'session-lost' | 'no-item' | 'stopped';
  readonly exitCode: number;
  readonly powersOff: boolean;
  readonly tally: Tally;
}

/** Another agent has this machine: starting this one again will not help. */
const OTHER_AGENT_EXIT_CODE = 3;

export interface Agent {
  /** Works until the machine drains. Does not reject for anything that happens outside the process. */
  run(): Promise<AgentEnd>;
  /** SIGTERM, SIGINT: drains. Asked twice, nothing is waited for. */
  stop(): void;
}

const ENDS: Readonly<Record<AgentEnd['reason'], { readonly exitCode: number; readonly powersOff: boolean }>> = {
  drained: { exitCode: 0, powersOff: true },
  'no-item': { exitCode: 0, powersOff: true },
  stopped: { exitCode: 0, powersOff: false },
  'second-agent': { exitCode: OTHER_AGENT_EXIT_CODE, powersOff: false },
  'session-lost': { exitCode: OTHER_AGENT_EXIT_CODE, powersOff: false },
};

const endOf = (reason: AgentEnd['reason'], tally: Tally = emptyTally()): AgentEnd => ({
  reason,
  ...ENDS[reason],
  tally,
});

const shareOut = (
  ports: AgentPorts,
  settings: AgentSettings,
  ids: Pick<AgentShared, 'instanceId' | 'session'>,
  { runTimesExpected }: InstanceRecord,
): AgentShared => {
  const leases = createLeases({ ...ports, ...ids });
  return {
    ports,
    settings,
    ...ids,
    drain: createDrain(),
    pulse: createPulse(ports.clock.now(), ports.clock.monotonicMs),
    leases,
    leaseWatch: createLeaseWatch(leases, ports.log),
    receivesMax: createReceivesMax(ports),
    runTimes: createRunTimes(runTimesExpected),
    running: createRunningTasks(),
    commitTurns: createTurns(ports.clock, COMMITS_AT_ONCE_MAX),
    tally: emptyTally(),
  };
};

interface Stopping {
  /** Aborted by the first request to stop. */
  readonly signal: AbortSignal;
  /** Called with every request; the first comes at once when it was made already. */
  onRequest(listener: (count: number) => void): void;
}

interface Ears {
  readonly mailbox: Mailbox;
  readonly desk: SignalDesk;
  isSessionLost(): boolean;
}

/** The mailbox and the desk hear each other: what is told is written, and what was written is read. */
const openEars = (shared: AgentShared, first: InstanceRecord): Ears => {
  const { drain, ports } = shared;
  let isSessionLost = false;
  const mailbox = createMailbox({
    clock: ports.clock,
    first,
    onRecord: (record) => desk.read(record),
    onSessionLost: () => {
      const now = ports.clock.now();
      isSessionLost = true;
      drain.begin({ reason: 'another agent has this machine', deadline: now, now });
    },
  });
  const desk = createSignalDesk(shared, { onRecorded: (record) => mailbox.hear({ outcome: 'done', record }) });
  desk.read(first);
  return { mailbox, desk, isSessionLost: () => isSessionLost };
};

const drainOnRequest = ({ ports, settings, drain }: AgentShared, { desk }: Ears, stopping: Stopping): void =>
  stopping.onRequest((count) => {
    const now = ports.clock.now();
    desk.tell({ kind: 'machine-stopping', at: now, deadline: addMs(now, secondsToMs(settings.stopSeconds)) });
    if (count > 1) drain.force();
  });

/** What outlives single tasks, such as a process that hosts them, ends before the machine is left to its end. */
const closeRunner = async ({ ports }: AgentShared): Promise<void> => {
  try {
    await ports.runner.close?.();
  } catch (error) {
    ports.log.warn('the runner did not close', { error: String(error) });
  }
};

/** A drained machine that EC2 is taking is left to EC2, its heartbeat going on, unless somebody asks it to stop. */
const waitForEc2 = async ({ ports }: AgentShared, { mailbox }: Ears, stopping: Stopping): Promise<void> => {
  const now = ports.clock.now();
  await ports.clock.sleep(powerOffAt(mailbox.record(), now) - now, stopping.signal);
};

/** One agent with its machine and its session: from the first heartbeat until nothing is left to do. */
const live = async (
  shared: AgentShared,
  { record: first, silentMs }: Opened,
  { isSpot }: MachineIdentity,
  stopping: Stopping,
): Promise<AgentEnd> => {
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const ears = openEars(shared, first);
  const { mailbox, desk } = ears;
  drainOnRequest(shared, ears, stopping);
  const watching = (async () => {
    for await (const warning of watchMachine({ ...shared.ports, isSpot, signal })) desk.tell(warning);
  })();
  const afterBeat = (): void => {
    desk.afterBeat(mailbox);
    void shared.leases.flushOverdue();
  };
  const beating = beat(shared, { mailbox, signal, afterBeat });
  if (Object.keys(first.leases).length > 0) await settleLeftovers(shared, first, silentMs);
  await (shared.ports.supervised === undefined ? work : supervise)(shared, ears);
  await closeRunner(shared);
  await desk.settled();
  shared.ports.log.info('drained', { reason: shared.drain.state()?.reason, ...shared.tally });
  if (!ears.isSessionLost()) await waitForEc2(shared, ears, stopping);
  lifetime.abort();
  await Promise.all([watching, beating, desk.settled()]);
  return endOf(ears.isSessionLost() ? 'session-lost' : 'drained', shared.tally);
};

const SECOND_AGENT = 'Another agent has this machine. One runs per machine; stop the other one, or leave this one off.';
const NO_ITEM = 'Nobody knows this machine: its item did not appear. It is powered off so that it costs nothing.';

const endOfOpening = ({ log }: AgentPorts, { kind }: Exclude<Opening, { kind: 'opened' }>): AgentEnd => {
  if (kind === 'second-agent') log.error(SECOND_AGENT);
  if (kind === 'no-item') log.error(NO_ITEM);
  return endOf(kind);
};

/** Requests to stop, counted, with a listener that may come later than the first of them. */
const createStopping = (): Stopping & { request(): void } => {
  const first = new AbortController();
  let count = 0;
  let listener: ((count: number) => void) | undefined;
  return {
    signal: first.signal,
    request: () => {
      count += 1;
      first.abort();
      listener?.(count);
    },
    onRequest: (next) => {
      listener = next;
      if (count > 0) next(count);
    },
  };
};

/** The session of an agent that ended on this machine, else a new one, known here before it is known anywhere else. */
const sessionOf = async ({ machineState, newId }: AgentPorts, instanceId: InstanceId): Promise<SessionId> => {
  const kept = await machineState.readSession(instanceId);
  if (kept !== undefined) return kept;
  const session = sessionId(newId());
  await machineState.keepSession(instanceId, session);
  return session;
};

const runOnce = async (ports: AgentPorts, settings: AgentSettings, stopping: Stopping): Promise<AgentEnd> => {
  const identity = await awaitIdentity(ports, stopping.signal);
  if (identity === undefined) return endOf('stopped');
  const { instanceId, zone } = identity;
  const { version: agentVersion } = settings;
  if (!(await ports.machineState.takeLock(instanceId))) return endOfOpening(ports, { kind: 'second-agent' });
  const session = await sessionOf(ports, instanceId);
  ports.log.info('agent started', { instanceId, session, agentVersion, runner: ports.runner.name, zone });
  const opening = await openSession(ports, { instanceId, session, agentVersion }, stopping.signal);
  if (opening.kind !== 'opened') return endOfOpening(ports, opening);
  const shared = shareOut(ports, settings, { instanceId, session }, opening.record);
  const held = Object.keys(opening.record.leases);
  ports.log.info('session opened', { instanceId, session, held });
  return live(shared, opening, identity, stopping);
};

/** The machine's loop: watch, take and hold, run, checkpoint, drain. */
export const createAgent = (ports: AgentPorts, settings: AgentSettings): Agent => {
  const stopping = createStopping();
  return {
    run: () => runOnce(ports, settings, stopping),
    stop: () => stopping.request(),
  };
};
