/** What must hold (design, section 5), and beside it what no promise names: the world at rest, one hash for one seed. */
export const PROMISES = {
  W1: 'a submitted task ends in exactly one of done, dead, cancelled, and nothing but an operator reopens it',
  W2: 'at most one accepted commit for each attempt and each task',
  W3: 'attempts only grow',
  W4: 'once faults stop, ready tasks are taken and silent machines’ tasks are ready again in time',
  W5: 'no task is dead-lettered for being reclaimed',
  W6: 'no older checkpoint replaces a newer one',
  N1: 'no machine of ours is unowned for long, and none outlives a deleted control plane',
  N2: 'nothing that is not ours is ever changed; no event alone ends a machine',
  N3: 'nobody asks beyond wanted and surge',
  N4: 'one intent asks for at most its count, however often it is repeated',
  N5: 'draining is never undone',
  N6: 'no task is held on a draining machine',
  M1: 'nothing is launched beyond what the fleet file allows',
  M2: 'the ledger holds each machine’s life once and as it was, and its report equals it',
  S1: 'no effect of an unauthorised caller, account or Region',
  S2: 'no payload in a log, metric or plan',
  O1: 'a message is acknowledged only after its effect',
  O2: 'retries are bounded, and what is given up is kept where people look',
  rest: 'once faults stop, the world comes to rest',
} as const;

export type Promised = keyof typeof PROMISES;
