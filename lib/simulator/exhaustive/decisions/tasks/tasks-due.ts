import { decideTask } from '../../../../decisions/decide-task.ts';
import { sessionId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, MACHINE, NOW, secondsUntil } from '../machines/told-machines.ts';
import { RUNNING } from './told-tasks.ts';

const SESSIONS = ['session-1', 'session-2'].map(sessionId);

const CASES = {
  status: ['ready', 'running', 'done', 'dead', 'cancelled'],
  checkIn: [undefined, -60, 0, 0.001, 60],
  owner: ['heard', 'never heard', 'gone', 'unknown'],
  /** Seconds since it was heard, or since its launch. Its clock may be ahead of ours. */
  silentFor: [-3, 0, 49.999, 50, 50.001, 900],
  session: ['same', 'other'],
  holds: ['it', 'an older attempt', 'another task', 'nothing'],
} as const;

type Case = CombinationOf<typeof CASES>;

const LEASES: Readonly<Record<Case['holds'], Readonly<Record<string, number>>>> = {
  it: { 'task-2': 1, 'task-1': 3 },
  'an older attempt': { 'task-1': 2 },
  'another task': { 'task-2': 3 },
  nothing: {},
};

const ownerOf = ({ owner, silentFor, session, holds }: Case): InstanceRecord | undefined => {
  if (owner === 'unknown') return undefined;
  const heard = owner === 'never heard' ? {} : { heartbeatAt: inSeconds(-silentFor) };
  return {
    ...MACHINE,
    ...heard,
    launchedAt: inSeconds(owner === 'never heard' ? -silentFor : -8_000),
    session: SESSIONS[session === 'same' ? 0 : 1]!,
    leases: LEASES[holds] as InstanceRecord['leases'],
    ...(owner === 'gone' ? { goneAt: inSeconds(-1) } : {}),
  };
};

const decided = (tried: Case): string => {
  const due = tried.checkIn === undefined ? {} : { checkAt: inSeconds(tried.checkIn) };
  const decision = decideTask({ ...RUNNING, ...due, status: tried.status }, ownerOf(tried), NOW);
  if (decision.do === 'nothing') return 'nothing';
  if (decision.do === 'release') return `release it, as ${decision.reason}`;
  if (decision.do === 'send-again') return `send it again, and look in ${secondsUntil(decision.nextAt)} s`;
  return `look again in ${secondsUntil(decision.at)} s`;
};

/** Owner alive, same session, holding it: looked at again when it could be silent. Else released. Ready: sent again. */
const expected = ({ status, checkIn, owner, silentFor, session, holds }: Case): string => {
  const isDue = checkIn !== undefined && checkIn <= 0;
  if (!isDue || ['done', 'dead', 'cancelled'].includes(status)) return 'nothing';
  if (status === 'ready') return 'send it again, and look in 300 s';
  if (owner === 'unknown') return 'release it, as its owner is unknown';
  if (owner === 'gone') return 'release it, as its owner is gone';
  if (silentFor >= 50) return 'release it, as its owner is silent';
  if (session === 'other') return 'release it, as its owner has another session';
  if (holds !== 'it') return 'release it, as its owner does not hold it';
  return `look again in ${(50_000 - silentFor * 1_000) / 1_000} s`;
};

/** What becomes of a row that the sweep looks at, with its owner's item. */
export const tasksDue: DecisionTable = {
  name: 'a task that is due',
  promise: 'W4',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
