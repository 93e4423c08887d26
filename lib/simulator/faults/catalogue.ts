import { FAULT_IDS, type FaultId } from './simulated.ts';

/**
 * Where each fault of the catalogue (F01 to F142) is shown: simulated here by name, by a named test elsewhere, or nowhere
 * but on a page, with the reason.
 */
export type FaultShownBy =
  | { readonly shownBy: 'sim' }
  | { readonly shownBy: 'test'; readonly file: string; readonly test: string }
  | { readonly shownBy: 'docs'; readonly because: string };

const test = (file: string, name: string): FaultShownBy => ({
  shownBy: 'test',
  file: `test/${file}.test.ts`,
  test: name,
});
const docs = (because: string): FaultShownBy => ({ shownBy: 'docs', because });

const ELSEWHERE: Readonly<Record<string, FaultShownBy>> = {
  F10: test('agent/clock-skew', 'suspended for an hour with its task'),
  F20: docs('no transaction is used, so none can conflict'),
  F21: test('workflows/reconcile-fleet', 'is repeated byte for byte under its token, and comes to the same machines'),
  F22: docs('no batch write is used: every write is one item with its condition'),
  F24: docs('every read that is decided upon is strongly consistent; the adapters ask for nothing else'),
  F25: docs('an item lists what is held at present, a hundred tasks at most; history is in the ledger'),
  F26: docs('machines are items of their own; what 5,000 at once cost is measured on a real account'),
  F27: docs('expiry is judged by the code that reads, never by the table; a later page measures it'),
  F29: docs('the handler’s type does not allow it: it answers a batch response or throws'),
  F30: docs('identifiers come from the records themselves, by type'),
  F34: test(
    'agent/draining',
    'reclaimed twenty times is not dead, and goes on from its last checkpoint each time (F34, W5)',
  ),
  F36: test('agent/lost-and-late', 'a renewal under way is waited for before the message is handed back (F36)'),
  F43: test(
    'agent/messages',
    'is handed over to a new message under the same lease and attempt, before the twelve hours are over (F43)',
  ),
  F48: docs('rows are written before messages; the simulator’s auditor says so of every message (W1)'),
  F55: test('aws/service-time', 'on a machine whose date is off by %d ms still signs acceptably'),
  F56: test('agent/pulse', 'is noticed though the date was set back by more than it lasted (F56, F57)'),
  F61: test('agent/imds', '401 renews the token once for each read (F61)'),
  F62: test('agent/imds', '403 is said loudly, once (F62)'),
  F66: test('agent/restart', 'writes its version on the item: the one that runs, also after an upgrade (F66)'),
  F69: test('workflows/attached-machines', 'is never taken for ours in a fleet that launches machines itself'),
  F73: docs(
    'not limited yet: forged warnings drain at most what they name, and replacements are capped by the fleet file',
  ),
  F75: test('signals/hostile', 'prototype keys change neither the answer nor any other object'),
  F76: test('signals/hostile', 'a body of exactly 256 KiB is read, one more byte is not'),
  F77: test('signals/hostile', 'escapes everything but printable ASCII'),
  F88: test('simulator/ports/memory-machines', 'with another request is a mismatch and launches nothing (B17)'),
  F89: docs('an intent names subnets and a launch template of one Region, and its stack has no other'),
  F96: test('aws/machines', 'sends the stored bytes again on a retry, token and all'),
  F102: docs('tags are part of the launch call; a machine without them is none of ours and is not touched (F103)'),
  F105: test('deploy/refuse-remove', 'is refused while a machine lives, and names it'),
  F106: docs('there is no command that ends everything: removing the stack is refused while machines live'),
  F107: docs('creation is CloudFormation’s, which finishes or rolls back'),
  F108: docs('creation is CloudFormation’s, which lets one change run at a time'),
  F109: test('local/machines/user-data', 'a refusal does not repeat the line, which may hold a secret'),
  F110: docs('a body is data for the one handler of its fleet; no name in it is ever executed or opened'),
  F111: test('scenarios/start', 'holds no body, result or checkpoint of a task'),
  F112: test('template/permissions', 'allow actions by their full names: never a wildcard, never everything but'),
  F113: test('aws/machines', 'a missing permission inside a 200 is a missing permission, not missing capacity'),
  F114: docs('looks like an outage of the service behind the key, which is simulated (F19)'),
  F115: test('template/queues-and-events', 'only our event rules may send to %s'),
  F116: test('cli/dlq', 'joins each message with the ledger, and says what a redrive would do'),
  F117: docs('redrive asks the ledger about each letter and sends at a rate; a person starts it'),
  F118: test('workflows/report', 'that fires twice sends once'),
  F119: test('workflows/report', 'that was missed is made up for by the next one, oldest first (F119)'),
  F120: test('money/build-report', 'neighbouring periods add up to the interval that they fill'),
  F121: test('money/price-run', 'without any spot price'),
  F122: test('money/price-run', 'equals a sum over every single second'),
  F123: test('money/price-run', 'a first hour that is free is free at any price'),
  F124: test('money/build-report', 'a hundred thousand runs are summed without losing a micro-dollar'),
  F125: test('money/price-run', 'windows that cut a run anywhere add up to the run, to the micro-dollar'),
  F126: test('workflows/report', 'leaves the report stored, is counted and thrown, and is sent by the next try'),
  F127: test('workflows/report', 'whose answer was lost is repeated once, as the same report sent again'),
  F128: test('report/escape', 'text becomes no markup'),
  F129: docs('fleets have no budget yet; what bounds a storm’s bill is the fleet file’s maximum (M1)'),
  F130: docs('fleets have no budget yet'),
  F131: docs('nothing on the path of a drain calls a webhook or a topic'),
  F132: docs('nothing is kept between invocations but clients; the simulator plays every invocation in one process'),
  F134: docs('logs and metrics are lines on standard output: no backend is waited for'),
  F135: test('agent/agent', 'one of ours in a form of another version: left alone and counted'),
};

const numbered = (count: number): string => `F${String(count).padStart(2, '0')}`;

/** Those after F135 are ours. */
const FAULTS_COUNT = 142;

const shownBy = (id: string): FaultShownBy => {
  if (FAULT_IDS.includes(id as FaultId)) return { shownBy: 'sim' };
  const elsewhere = ELSEWHERE[id];
  if (elsewhere === undefined)
    throw new Error(`${id} is shown nowhere: add it to the simulated faults or to this table.`);
  return elsewhere;
};

/** Every row of the catalogue, in order. */
export const FAULT_CATALOGUE: ReadonlyMap<string, FaultShownBy> = new Map(
  Array.from({ length: FAULTS_COUNT }, (_, index) => [numbered(index + 1), shownBy(numbered(index + 1))]),
);
