/**
 * The faults that the simulator injects or provokes, by the numbers of the catalogue. `per` says what one chance of it is.
 * A seed draws which of them it has and how often, so that rare combinations meet (swarm testing).
 *
 * - `injected`: struck with a rate, at each of its occasions.
 * - `incident`: begun at a moment and over after a while.
 * - `met`: not injected by itself but brought about by others, and recognised when it happens.
 */
export type SimulatedFault = {
  readonly tells: string;
} & (
  | { readonly how: 'injected'; readonly rate: readonly [least: number, most: number]; readonly per: string }
  | { readonly how: 'incident'; readonly perHour: readonly [least: number, most: number] }
  | { readonly how: 'met' }
);

const injected = (tells: string, per: string, least: number, most: number): SimulatedFault => ({
  tells,
  how: 'injected',
  rate: [least, most],
  per,
});

const incident = (tells: string, least: number, most: number): SimulatedFault => ({
  tells,
  how: 'incident',
  perHour: [least, most],
});

const met = (tells: string): SimulatedFault => ({ tells, how: 'met' });

export const SIMULATED_FAULTS = {
  F01: injected('a warning is delivered twice under one id', 'event', 0.02, 0.5),
  F02: injected('a warning comes under two ids, by two rules', 'event', 0.02, 0.5),
  F03: injected('a rebalance recommendation comes after the warning', 'warning', 0.05, 0.6),
  F04: injected('rebalance and warning come in one batch', 'warning', 0.05, 0.6),
  F05: injected('the end of a machine is told before its warning', 'warning', 0.05, 0.5),
  F06: injected('a warning comes long after its machine has ended', 'warning', 0.05, 0.4),
  F07: injected('a machine is taken without any warning', 'reclaim', 0.05, 0.6),
  F08: injected('a warning comes 0 to 40 s before the end', 'reclaim', 0.05, 0.6),
  F09: injected('EC2 stops a machine instead of ending it', 'reclaim', 0.02, 0.2),
  F11: injected('the caller crashes before a call', 'call of a function or agent', 0.0003, 0.004),
  F12: injected('the caller crashes after the effect, before the answer', 'call of a function or agent', 0.0003, 0.004),
  F13: injected('the caller crashes after the answer', 'call of a function or agent', 0.0003, 0.004),
  F14: met('the same flow crashes twice within two minutes'),
  F15: injected('a function times out in the middle of a batch', 'batch of signals', 0.01, 0.2),
  F16: met('a record is handled again while its first handling still runs'),
  F17: injected('the answer to a conditional write is lost', 'write', 0.001, 0.03),
  F18: injected('DynamoDB throttles a few calls', 'call', 0.001, 0.03),
  F19: incident('DynamoDB refuses everything for minutes', 0.3, 2),
  F23: injected('the index by checkAt is up to 60 s behind', 'look at it', 0.05, 0.9),
  F28: met('one record of a batch fails, the others are done'),
  F31: injected('a body that nobody can parse', 'event', 0.02, 0.3),
  F32: met('a task fails every time'),
  F33: met('a task ends the process that runs it'),
  F35: met('a message becomes visible while its task is worked on'),
  F37: injected('ChangeMessageVisibility fails', 'call', 0.005, 0.2),
  F38: injected('DeleteMessage fails', 'call', 0.01, 0.3),
  F39: met('a delete with an old handle succeeds and deletes nothing'),
  F40: injected('a message returns after its deletion', 'deletion', 0.01, 0.3),
  F41: incident('somebody else deletes a message', 1, 12),
  F42: incident('a message expires unseen', 1, 8),
  F44: injected('too many messages are in flight', 'receive', 0.005, 0.1),
  F45: injected('SendMessage times out, and has happened or has not', 'sending', 0.01, 0.3),
  F46: injected('a batch of messages is taken in part', 'batch', 0.05, 0.5),
  F47: met('a crash comes between the row and its message'),
  F49: met('a crash comes between a new message and the lease that goes'),
  F50: met('a zombie finishes after its task was taken by somebody else'),
  F51: met('a zombie finishes before anybody took its task'),
  F52: met('a zombie writes a checkpoint too late'),
  F53: met('a crash comes between a checkpoint and its pointer'),
  F54: injected('a stored object is cut', 'reading', 0.1, 0.6),
  F57: incident('a machine stands still for up to five minutes', 1, 8),
  F58: incident('a machine cannot reach DynamoDB', 0.5, 4),
  F59: incident('a machine cannot reach SQS', 0.5, 4),
  F60: incident('the metadata service of a machine fails', 0.5, 4),
  F63: injected('the metadata service tells nonsense', 'reading of a notice', 0.002, 0.05),
  F64: injected('a notice is withdrawn', 'notice', 0.05, 0.5),
  F65: incident('a second agent is started on a machine', 0.5, 4),
  F67: met('a warning comes before its machine has an item'),
  F68: incident('a warning for a machine that is not ours', 1, 8),
  F70: incident('an event of another account or Region names a machine of ours', 1, 8),
  F71: met('a signal about a machine that has ended'),
  F72: incident('a forged warning for a machine of ours', 0.3, 2),
  F74: incident('an archive of events is replayed', 0.5, 3),
  F78: incident('most machines are taken within seconds', 0.3, 2),
  F79: met('they are taken again, with those that replaced them'),
  F80: incident('no spot pool has capacity', 0.3, 2),
  F81: incident('on demand is at its quota too', 0.3, 2),
  F82: incident('the market is above the price cap', 0.3, 2),
  F83: incident('pools have one machine left to give', 0.3, 3),
  F84: incident('EC2 refuses for a permission, within a 200', 0.2, 1),
  F85: injected('EC2 gives one machine more than was asked for', 'launch', 0.05, 0.4),
  F86: injected('the answer to a launch is lost', 'launch', 0.05, 0.5),
  F87: met('a crash comes between a launch and its rows'),
  F90: injected('a new machine is not shown for up to 60 s', 'launch', 0.1, 0.9),
  F91: injected('EC2 does not find a living machine to end', 'ending', 0.1, 0.6),
  F92: met('one of several machines cannot be ended'),
  F93: injected('a machine is protected from ending', 'machine', 0.01, 0.1),
  F94: injected('a machine boots and its agent never comes', 'machine', 0.01, 0.12),
  F95: injected('a machine ends while it boots', 'machine', 0.01, 0.12),
  F97: incident('fewer machines are wanted while some are launched', 0.3, 2),
  F98: met('two reconciles of one fleet run at once'),
  F100: incident('EC2 throttles everything for minutes', 0.3, 2),
  F101: injected('EC2 leaves the machines of a zone out of an answer', 'description', 0.01, 0.2),
  F103: incident('somebody takes our tag from a machine', 0.2, 1),
  F104: incident('a stranger copies our tags', 0.3, 2),
  F133: injected('a function starts cold and takes five seconds more', 'invocation', 0.01, 0.3),
  // Drawn last, so that what a seed draws for the others stays what it was.
  F99: injected(
    'a caller is of the version before or after',
    'invocation of a function, life of an agent, submit',
    0.05,
    0.6,
  ),
  F136: injected('SQS tells its counts as they were up to 60 s ago', 'look at a backlog', 0.05, 0.9),
  F137: injected('EC2 shows machines as they were up to 20 s ago', 'description', 0.05, 0.9),
  F138: injected('a write of an agent arrives minutes after it was given up', 'step of a task', 0.002, 0.04),
  F139: incident('an agent is asked to stop, once or twice', 0.3, 2),
  F140: incident('EC2 announces that machines are to be retired, and may call it off', 0.5, 3),
  F141: incident('the owner of reserved capacity takes it back', 1, 6),
  F142: incident('S3 refuses everything for minutes', 0.5, 3),
} as const satisfies Readonly<Record<string, SimulatedFault>>;

export type FaultId = keyof typeof SIMULATED_FAULTS;

export const FAULT_IDS = Object.keys(SIMULATED_FAULTS) as FaultId[];
