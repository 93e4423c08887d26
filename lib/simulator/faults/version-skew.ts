import type { Intent } from '../../fleet/fleet.ts';
import type { InstanceRecord, RunTimeSummary } from '../../fleet/instance.ts';
import { encodeTaskMessage, parseTaskMessage } from '../../fleet/message.ts';
import type { Signal } from '../../fleet/signal.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import type { FleetStore } from '../../ports/fleets.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { MoneyLedger } from '../../ports/money.ts';
import type { ReceivedMessage, WorkQueue } from '../../ports/queues.ts';
import type { TaskLedger } from '../../ports/tasks.ts';

/**
 * A deployment replaces functions within seconds and agents within hours, and may be taken back: callers of two versions
 * share rows, items and messages for as long (F99). The version after ours writes fields that ours does not know; the one
 * before ours knows nothing of the fields that are optional, and neither writes nor sees them. Forms are the same: what has
 * another form is left alone, which `test/agent/agent.test.ts` and the contract suites show (F135).
 */
export type OtherVersion = 'older' | 'newer';

/** Ports through which something is written that others read. */
export interface SharedPorts {
  readonly tasks: TaskLedger;
  readonly instances: InstanceStore;
  readonly fleets: FleetStore;
  readonly queue: WorkQueue;
  readonly money: MoneyLedger;
}

/** As a version to come might name them, and give them a text, a number or a map. */
const UNKNOWN_FIELDS = { tenant: 'somebody', weight: 7, labels: { team: 'video' } } as const;

const withUnknown = <Written extends object>(written: Written): Written => ({ ...written, ...UNKNOWN_FIELDS });

const newerStep = (step: TaskStep): TaskStep => {
  switch (step.step) {
    case 'submit':
      return { ...step, row: withUnknown({ ...step.row, body: withUnknown(step.row.body) }) };
    case 'checkpoint': {
      const { checkpoint } = step;
      return { ...step, checkpoint: withUnknown({ ...checkpoint, content: withUnknown(checkpoint.content) }) };
    }
    case 'commit':
      return { ...step, result: withUnknown(step.result) };
    default:
      return step;
  }
};

/** What stands inside an intent besides the request is JSON of our own, read by whoever repeats the launch. */
const withStored = (intent: Intent, change: (stored: Record<string, unknown>) => object): Intent => ({
  ...intent,
  request: JSON.stringify(change(JSON.parse(intent.request) as Record<string, unknown>)),
});

const newerMessage = (message: ReceivedMessage): ReceivedMessage => {
  const parsed = parseTaskMessage(message.body);
  if (parsed.kind !== 'task') return message;
  return { ...message, body: JSON.stringify({ ...UNKNOWN_FIELDS, ...(JSON.parse(message.body) as object) }) };
};

/** SQS knows a message by its handle; whoever judges knows it by what was really sent. */
const asSent = (message: ReceivedMessage): ReceivedMessage => {
  const parsed = parseTaskMessage(message.body);
  return parsed.kind === 'task' ? { ...message, body: encodeTaskMessage(parsed.taskId) } : message;
};

/** Writes what others do not know, and is told so by the messages that it receives. */
const newer = <Ports extends SharedPorts>(ports: Ports): Ports => {
  const { tasks, instances, fleets, queue, money } = ports;
  return {
    ...ports,
    tasks: { ...tasks, apply: (id, step) => tasks.apply(id, newerStep(step)) },
    instances: {
      ...instances,
      create: (record) => instances.create(withUnknown(record)),
      recordSignal: (signal, drains, now) => instances.recordSignal(withUnknown(signal), drains, now),
      openSession: (id, session, now, version) => instances.openSession(id, session, now, `${version}-next`),
      heartbeat: (id, session, now, report = {}) => instances.heartbeat(id, session, now, withUnknown(report)),
    },
    fleets: {
      ...fleets,
      changeHead: (fleet, generation, { open = [], ...change }) =>
        fleets.changeHead(fleet, generation, {
          ...change,
          open: open.map((intent) => withUnknown(withStored(intent, withUnknown))),
        }),
      addMember: (fleet, member) => fleets.addMember(fleet, withUnknown(member)),
    },
    queue: {
      ...queue,
      receive: async (options) => (await queue.receive(options)).map(newerMessage),
      delete: (message) => queue.delete(asSent(message)),
      changeVisibility: (message, seconds) => queue.changeVisibility(asSent(message), seconds),
    },
    money: { ...money, putRun: (run) => money.putRun(withUnknown(run)) },
  };
};

interface OptionalOfItem {
  readonly agentVersion?: string;
  readonly runTimes?: RunTimeSummary;
  readonly runTimesExpected?: RunTimeSummary;
}

const olderItem = <Item extends OptionalOfItem>(item: Item): Item => {
  const { agentVersion: _version, runTimes: _seen, runTimesExpected: _expected, ...known } = item;
  return known as unknown as Item;
};

const olderSignal = ({ action: _action, ...signal }: Signal): Signal => signal;

const olderStep = (step: TaskStep): TaskStep => {
  if (step.step !== 'checkpoint') return step;
  const { share: _share, ...checkpoint } = step.checkpoint;
  return { ...step, checkpoint };
};

const olderOutcome = <Outcome extends { readonly record: InstanceRecord | undefined }>(outcome: Outcome): Outcome => ({
  ...outcome,
  record: outcome.record && olderItem(outcome.record),
});

/** Neither writes what is optional nor sees it; what the ledger of money tells is judged, so that it tells all. */
const older = <Ports extends SharedPorts>(ports: Ports): Ports => {
  const { tasks, instances, fleets } = ports;
  return {
    ...ports,
    tasks: { ...tasks, apply: (id, step) => tasks.apply(id, olderStep(step)) },
    instances: {
      ...instances,
      get: async (id) => {
        const record = await instances.get(id);
        return record && olderItem(record);
      },
      create: (record) => instances.create(olderItem(record)),
      recordSignal: async (signal, drains, now) => {
        const record = await instances.recordSignal(olderSignal(signal), drains, now);
        return record && olderItem(record);
      },
      openSession: async (id, session, now, version) =>
        olderOutcome(await instances.openSession(id, session, now, version)),
      heartbeat: async (id, session, now) => olderOutcome(await instances.heartbeat(id, session, now)),
      changeLeases: async (change, now) => olderOutcome(await instances.changeLeases(change, now)),
    },
    fleets: {
      ...fleets,
      read: async (fleet) => {
        const { head, members } = await fleets.read(fleet);
        const { runTimes: _runTimes, ...known } = head;
        return { head: known, members };
      },
      changeHead: (fleet, generation, { open = [], ...change }) =>
        fleets.changeHead(fleet, generation, {
          ...change,
          open: open.map((intent) => withStored(intent, ({ runTimesExpected: _expected, ...stored }) => stored)),
        }),
    },
  };
};

export const portsOfVersion = <Ports extends SharedPorts>(ports: Ports, version: OtherVersion): Ports =>
  version === 'newer' ? newer(ports) : older(ports);
