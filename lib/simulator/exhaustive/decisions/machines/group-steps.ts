import { decideGroups } from '../../../../decisions/decide-groups.ts';
import type { Plan } from '../../../../decisions/plan.ts';
import type { GroupSettings } from '../../../../fleet/fleet-settings.ts';
import { instanceId, sessionId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import type { DescribedMachine } from '../../../../ports/machines.ts';
import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { FLEET, ID, inSeconds, MACHINE, NOW, POLICY, recorded, TWO_LEASES } from './told-machines.ts';

const SIBLING = instanceId('i-00000002');

/** One machine of a fleet in `attach`: as it is in the plainest case, and what may be otherwise. */
const PLAIN = {
  lifecycle: 'draining',
  warned: 'terminate',
  isEnding: 'no',
  state: 'running',
  purchase: 'spot',
  group: 'workers',
  holds: false,
  heardAgo: 20,
  done: 'nothing',
  isSupervised: false,
  named: 'all',
};

type Told = typeof PLAIN;
type Case = { readonly [Name in keyof Told]: Told[Name] extends boolean ? boolean : Told[Name] | undefined };

const LIFECYCLES = ['active', 'draining', 'gone'];
const GROUPS = [undefined, 'workers', 'others'];
const DONE = ['nothing', 'detachedAt', 'deregisteredAt'];
const ENDING = ['no', 'of our hook', 'of another hook', 'of another group', 'of whatever'];

function* cases(): Generator<Case> {
  const detached = {
    lifecycle: LIFECYCLES,
    warned: [undefined, 'terminate', 'stop', 'nothing told'],
    isEnding: ['no', 'of our hook'],
    state: ['running', 'shutting-down', 'unknown'],
    purchase: ['spot', 'on-demand'],
    group: GROUPS,
  };
  for (const tried of combinationsOf({ ...detached, done: DONE })) yield { ...PLAIN, ...tried };
  const completed = {
    lifecycle: ['draining', 'gone'],
    isEnding: ENDING,
    group: GROUPS,
    done: ['nothing', 'deregisteredAt', 'lifecycleCompletedAt'],
  };
  const through = { holds: [false, true], heardAgo: [undefined, 14.999, 15], isSupervised: [false, true] };
  for (const tried of combinationsOf({ ...completed, ...through })) yield { ...PLAIN, warned: undefined, ...tried };
  const named = ['all', 'no hook', 'no group', 'no target groups', 'nothing'];
  const ending = ['no', 'of our hook'];
  for (const tried of combinationsOf({ named, isEnding: ending, warned: [undefined, 'terminate'] })) {
    yield { ...PLAIN, ...tried };
  }
}

const settingsOf = ({ named, isSupervised }: Case): GroupSettings => ({
  ...(named === 'no group' || named === 'nothing' ? {} : { autoScalingGroup: 'workers' }),
  ...(named === 'no hook' || named === 'nothing' ? {} : { lifecycleHook: 'spothop' }),
  targetGroups: named === 'no target groups' || named === 'nothing' ? [] : ['web', 'admin'],
  isSupervised,
});

const signalsOf = ({ lifecycle, warned, isEnding }: Case): InstanceRecord['signals'] => {
  const warning = recorded('spot-interruption')['spot-interruption']!;
  const action = ['terminate', 'stop'].includes(warned!) ? { action: warned as 'terminate' } : {};
  const lifecycleAction = {
    autoScalingGroup: isEnding === 'of another group' ? 'others' : 'workers',
    hook: isEnding === 'of another hook' ? 'backup' : 'spothop',
    token: 'its-token',
  };
  const ending = recorded('lifecycle-terminating')['lifecycle-terminating']!;
  return {
    ...(warned === undefined ? {} : { 'spot-interruption': { ...warning, ...action } }),
    ...(isEnding === 'no' ? {} : { 'lifecycle-terminating': ending }),
    ...(['no', 'of whatever'].includes(isEnding!) ? {} : { 'lifecycle-terminating': { ...ending, lifecycleAction } }),
    ...(lifecycle === 'gone' ? recorded('state-terminated') : {}),
  };
};

const recordOf = (tried: Case): InstanceRecord => ({
  ...MACHINE,
  // Whoever was never heard is as silent as it is old.
  launchedAt: inSeconds(tried.heardAgo === undefined ? -5 : -1_000),
  ...(tried.lifecycle === 'active' ? {} : { drainingAt: inSeconds(-20) }),
  signals: signalsOf(tried),
  ...(tried.heardAgo === undefined ? {} : { session: sessionId('session-1'), heartbeatAt: inSeconds(-tried.heardAgo) }),
  leases: tried.holds ? TWO_LEASES : {},
  ...(tried.done === 'nothing' ? {} : { [tried.done!]: inSeconds(-1) }),
});

const machineOf = ({ state, purchase, group }: Case): DescribedMachine => ({
  instanceId: ID,
  state: state as DescribedMachine['state'],
  // What it was bought as is EC2's word, not its item's.
  pool: { ...MACHINE.pool, purchase: purchase as 'spot' },
  launchedAt: MACHINE.launchedAt,
  tags: { 'spothop:fleet': FLEET, ...(group === undefined ? {} : { 'aws:autoscaling:groupName': group }) },
});

const wordsOf = (action: Plan['actions'][number]): string => {
  if (action.do === 'detach') return `detach ${action.instanceIds.join(' ')} from ${action.autoScalingGroup}`;
  if (action.do === 'deregister')
    return `deregister ${action.instanceIds.join(' ')} of ${action.targetGroups.join(' ')}`;
  if (action.do !== 'complete-lifecycle') return action.do;
  const { instanceId: id, autoScalingGroup, lifecycleHook, token } = action;
  return `let ${autoScalingGroup} go on with ${id} after ${lifecycleHook} by ${token ?? 'its id'}`;
};

const decided = (tried: Case): string => {
  // Beside it one that only drains: it is in the group, and nobody warned it.
  const sibling = { ...MACHINE, instanceId: SIBLING, drainingAt: NOW, signals: recorded('operator-drain') };
  const described = { ...machineOf({ ...PLAIN, group: 'workers' }), instanceId: SIBLING };
  const machines = tried.state === 'unknown' ? [described] : [described, machineOf(tried)];
  const records = [sibling, recordOf(tried)];
  const plan = decideGroups({ fleet: FLEET, groups: settingsOf(tried), policy: POLICY, records, machines }, NOW);
  return plan.actions.map(wordsOf).join('; ') || 'nothing';
};

/** `docs/machines.md`: only what the fleet file names, and each step once. */
const expected = (tried: Case): string => {
  const { lifecycle, warned, isEnding, state, purchase, group, holds, heardAgo, done, isSupervised, named } = tried;
  const drains = lifecycle === 'draining';
  const isNamed = named === 'all' || named === 'no hook' || named === 'no target groups';
  const isIn = isNamed && group === 'workers' && state !== 'unknown';
  const isTaken = warned === 'terminate' && purchase === 'spot' && isEnding === 'no' && state === 'running';
  const detaches = drains && isIn && isTaken && done !== 'detachedAt';
  const hasTargets = named === 'all' || named === 'no hook' || named === 'no group';
  const targets = drains && done !== 'deregisteredAt' ? `${SIBLING} ${ID}` : SIBLING;
  const agentMayWork = isSupervised && heardAgo !== undefined && heardAgo < 15;
  const isThrough = drains && !holds && !agentMayWork;
  const completes = isIn && named !== 'no hook' && isEnding !== 'no' && isThrough && done !== 'lifecycleCompletedAt';
  const by = isEnding === 'of our hook' ? 'its-token' : 'its id';
  const due = [
    ...(detaches ? [`detach ${ID} from workers`] : []),
    ...(hasTargets ? [`deregister ${targets} of web admin`] : []),
    ...(completes ? [`let workers go on with ${ID} after spothop by ${by}`] : []),
  ];
  return due.join('; ') || 'nothing';
};

/** Which machines leave groups that somebody else made. */
export const groupSteps: DecisionTable = {
  name: 'a machine in groups of the user’s',
  promise: 'N2',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
