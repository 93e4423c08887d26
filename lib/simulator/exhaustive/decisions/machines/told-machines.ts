import type { Plan } from '../../../../decisions/plan.ts';
import { ec2FleetId, fleetName, instanceId, intentId, type TaskId, taskId } from '../../../../fleet/ids.ts';
import type { DrainPolicy, InstanceRecord } from '../../../../fleet/instance.ts';
import type { RecordedSignal, SignalKind } from '../../../../fleet/signal.ts';
import { type EpochMs, epochMs } from '../../../../fleet/time.ts';

/** When everything is decided. */
export const NOW = epochMs(1_800_000_000_000);

/** So many seconds from then; before it where they are fewer than none. */
export const inSeconds = (seconds: number): EpochMs => epochMs(NOW + Math.round(seconds * 1_000));

/** A moment as a sentence tells it: in seconds from then. */
export const secondsUntil = (moment: EpochMs): number => (moment - NOW) / 1_000;

/** No number in it is a default, and none is a limit. */
export const POLICY: DrainPolicy = { marginSeconds: 7, windowSeconds: 150, warySeconds: 400, rebalance: 'wary' };

export const ID = instanceId('i-00000001');
export const FLEET = fleetName('explored');
export const TASKS: readonly TaskId[] = ['task-1', 'task-2'].map(taskId);

/** What a machine holds that holds two tasks. */
export const TWO_LEASES = { 'task-1': 3, 'task-2': 1 } as InstanceRecord['leases'];

/** A spot machine of ours of which nothing has been heard yet. */
export const MACHINE: InstanceRecord = {
  form: 1,
  instanceId: ID,
  fleet: FLEET,
  intentId: intentId('explored'),
  ec2FleetId: ec2FleetId('fleet-explored'),
  pool: { instanceType: 'c7g.large', zone: 'us-east-1a', purchase: 'spot' },
  launchedAt: inSeconds(-1_000),
  leases: {},
  signals: {},
};

/** One signal as it is kept: recorded some time ago, with the end that it announces. */
export const recorded = (
  kind: SignalKind,
  { ago = 10, deadline }: { readonly ago?: number; readonly deadline?: number | undefined } = {},
): { readonly [Kind in SignalKind]?: RecordedSignal } => {
  // It happened long before it was told: only the receiver's clock counts.
  const told = { at: inSeconds(-ago - 5_000), recordedAt: inSeconds(-ago) };
  return { [kind]: deadline === undefined ? told : { ...told, deadline: inSeconds(deadline) } };
};

const wordsOf = (action: Plan['actions'][number]): string => {
  switch (action.do) {
    case 'release-tasks':
      return `release ${action.tasks.map((task) => `${task.taskId} of attempt ${task.attempt}`).join(' and ')}`;
    case 'look-again':
      return `look again in ${secondsUntil(action.at)} s`;
    case 'mark-draining':
      return 'drain';
    case 'close-run':
      return 'close its run';
    case 'terminate':
      return 'end it';
    case 'wake-fleet':
      return 'wake its fleet';
    default:
      return action.do;
  }
};

/** Whom an action names: the machine that was decided about, and its fleet, or it does harm. */
const isAboutIt = (action: Plan['actions'][number]): boolean => {
  const ids = 'instanceIds' in action ? action.instanceIds : 'instanceId' in action ? [action.instanceId] : [ID];
  return ids.length === 1 && ids[0] === ID && (!('fleet' in action) || action.fleet === FLEET);
};

/** What is done about one machine, each kind of action told once. */
export const sentenceOf = ({ actions }: Plan): string => {
  const told = actions.map((action) => `${wordsOf(action)}${isAboutIt(action) ? '' : ', of another'}`);
  return [...new Set(told)].join('; ') || 'nothing';
};

/** The same, of what ought to be done. */
export const inWords = (due: readonly (string | false)[]): string => due.filter(Boolean).join('; ') || 'nothing';
