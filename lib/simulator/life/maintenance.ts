import type { InstanceId } from '../../fleet/ids.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import { watchNotice } from '../audit/audit-notices.ts';
import { healthEvent } from '../crash-points/signal-events.ts';
import type { SeededRandom } from '../random.ts';
import { type Life, START, secondsLater, wholeSecond } from './life.ts';
import type { HostedMachine } from './machine-host.ts';
import type { Events } from './reclaims.ts';

/** AWS announces maintenance days ahead; an hour of fleet life has room for less. */
const AHEAD_SECONDS_LEAST = 300;
const AHEAD_SECONDS_MOST = 1_500;

const CALLED_OFF_SHARE = 0.4;

/** The agent asks its metadata service for maintenance once a minute, and the drain begins two minutes before the end. */
const WATCHED_SECONDS = 60;

interface Maintenance {
  readonly life: Life;
  readonly events: Events;
  readonly machines: readonly HostedMachine[];
  readonly eventId: string;
  readonly notBefore: EpochMs;
}

const tell = ({ life, events, machines, eventId, notBefore }: Maintenance, kind: SignalKind): void => {
  const ids: readonly InstanceId[] = machines.map(({ instanceId }) => instanceId);
  const statusCode = kind === 'scheduled-change' ? 'upcoming' : 'closed';
  const body = healthEvent(ids, life.clock.now(), { eventId, notBefore, statusCode });
  events.tell(
    body,
    ids.map((instanceId) => ({ instanceId, kind })),
  );
};

const callOff = (maintenance: Maintenance): void => {
  const { life, machines, eventId } = maintenance;
  for (const machine of machines) if (machine.maintenance?.eventId === eventId) machine.maintenance.isOver = true;
  life.trace.note('EC2', `calls the maintenance ${eventId} off`);
  tell(maintenance, 'scheduled-change-cancelled');
};

const carryOut = async ({ life, machines, notBefore }: Maintenance): Promise<void> => {
  const leadMs = notBefore - life.clock.now() - secondsToMs(WATCHED_SECONDS);
  await life.clock.sleep(Math.max(0, leadMs));
  for (const machine of machines) void watchNotice(life, machine, WATCHED_SECONDS);
  await life.clock.sleep(Math.max(0, notBefore - life.clock.now()));
  for (const machine of machines) life.host.end(machine, 'ec2');
};

/** Some machines are to be retired at a time that is told long before; it happens, or is called off. */
export const announceMaintenance = async (
  life: Life,
  events: Events,
  random: SeededRandom,
  machines: readonly HostedMachine[],
): Promise<void> => {
  const free = machines.filter(({ announcedEnd }) => announcedEnd === undefined);
  const aheadSeconds = random.between(AHEAD_SECONDS_LEAST, AHEAD_SECONDS_MOST);
  const notBefore = wholeSecond(secondsLater(life.clock.now(), aheadSeconds));
  // What is announced while things go wrong is over before they stop.
  if (free.length === 0 || notBefore >= addMs(START, life.plan.safetyMs)) return;
  const eventId = `instance-event-${Math.floor(random.next() * 2 ** 32).toString(16)}`;
  const maintenance: Maintenance = { life, events, machines: free, eventId, notBefore };
  for (const machine of free)
    Object.assign(machine, { announcedEnd: notBefore, maintenance: { eventId, isOver: false } });
  life.trace.note(
    'EC2',
    `announces the maintenance ${eventId} of ${free.map(({ instanceId }) => instanceId).join(' ')}`,
  );
  tell(maintenance, 'scheduled-change');
  if (!random.chance(CALLED_OFF_SHARE)) return carryOut(maintenance);
  await life.clock.sleep(secondsToMs(random.between(0, aheadSeconds - 1)));
  callOff(maintenance);
};
