import { createHash } from 'node:crypto';
import { createGate, type Gate, type PendingCall } from './gate.ts';

/** Somebody who works on the world by the product's own code, a call at a time. */
export interface Actor {
  readonly name: string;
  run(gate: Gate): Promise<unknown>;
}

/** A world that is begun anew for every path that is tried. */
export interface Core {
  readonly actors: readonly Actor[];
  /** Everything in the world that anybody could read: two worlds with the same text go on alike. */
  stateText(): Promise<string>;
  /** What is broken as the world stands, and whatever was broken on the way. */
  broken(): Promise<readonly string[]>;
  /** Nobody is under way any more: the world recovers by what the schedule does, and this is what is broken after. */
  brokenInTheEnd(): Promise<readonly string[]>;
}

export interface InterleavingBounds {
  /** Calls that fail or end their caller, on one path. */
  readonly faults: number;
  /** A search that is not closed by then is given up. */
  readonly statesMax?: number;
}

export interface InterleavingExploration {
  readonly states: number;
  readonly transitions: number;
  /** Worlds in which nobody was under way any more, each of which recovered. */
  readonly ends: number;
  /** Everything that can be reached within the bounds has been. */
  readonly isClosed: boolean;
  readonly broken: readonly string[];
}

/** What becomes of the first call of an actor that waits. */
const OUTCOMES = ['done', 'refused', 'answer lost', 'ended before', 'ended after'] as const;
type Outcome = (typeof OUTCOMES)[number];

interface Choice {
  readonly actor: number;
  readonly outcome: Outcome;
}

const STATES_MAX = 2_000_000;

/** Enough to see what is wrong. */
const BROKEN_MAX = 10;

/** Comes after every promise that is settled already and all that follows from them. */
const settle = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

class CallFailed extends Error {
  override readonly name = 'CallFailed';
}

const digest = (text: string): string => createHash('sha1').update(text).digest('base64');

/** Lets the call happen or not, and tells its caller or not. Answers what the caller heard. */
const happen = async ({ name, effect, resolve, reject }: PendingCall, outcome: Outcome): Promise<string> => {
  if (outcome === 'ended before') return outcome;
  if (outcome === 'refused') {
    reject(new CallFailed(name));
    return outcome;
  }
  try {
    const answer = await effect();
    if (outcome === 'ended after') return outcome;
    if (outcome === 'answer lost') reject(new CallFailed(name));
    else resolve(answer);
    return outcome === 'answer lost' ? outcome : JSON.stringify(answer ?? null);
  } catch (error) {
    if (outcome !== 'ended after') reject(error as Error);
    return `${outcome}: ${String(error)}`;
  }
};

interface Life {
  readonly actor: Actor;
  readonly gate: Gate;
  /** What it has been answered: with the world, all that its future depends on. */
  history: string;
  hasEnded: boolean;
}

const begin = (actor: Actor): Life => {
  const life: Life = { actor, gate: createGate(), history: '', hasEnded: false };
  const end = (): void => {
    life.hasEnded = true;
  };
  // A function that fails is called again by its schedule; what it left is for others to mend.
  void actor.run(life.gate).then(end, end);
  return life;
};

/** One path through a core, as far as it has come. */
class Path {
  readonly taken: Choice[] = [];
  readonly core: Core;
  readonly #lives: readonly Life[];
  readonly #lines: string[] = [];
  #faults = 0;

  constructor(core: Core) {
    this.core = core;
    this.#lives = core.actors.map(begin);
  }

  async go(choice: Choice): Promise<void> {
    this.taken.push(choice);
    const life = this.#lives[choice.actor]!;
    const call = life.gate.pending.shift()!;
    if (choice.outcome !== 'done') this.#faults += 1;
    this.#lines.push(`${life.actor.name} ${call.name}${choice.outcome === 'done' ? '' : ` (${choice.outcome})`}`);
    life.history = digest(`${life.history}${call.name}${await happen(call, choice.outcome)}`);
    if (choice.outcome.startsWith('ended')) life.hasEnded = true;
    await settle();
  }

  choices(faultsMax: number): readonly Choice[] {
    const outcomes = this.#faults < faultsMax ? OUTCOMES : OUTCOMES.slice(0, 1);
    return this.#lives.flatMap(({ gate, hasEnded }, actor) =>
      hasEnded || gate.pending.length === 0 ? [] : outcomes.map((outcome) => ({ actor, outcome })),
    );
  }

  async stateText(): Promise<string> {
    const lives = this.#lives.map(({ history, hasEnded }) => [history, hasEnded]);
    return JSON.stringify([await this.core.stateText(), lives, this.#faults]);
  }

  describe(): string {
    return this.#lines.join('; ');
  }
}

const begun = async (makeCore: () => Promise<Core>, choices: readonly Choice[]): Promise<Path> => {
  const path = new Path(await makeCore());
  await settle();
  for (const choice of choices) await path.go(choice);
  return path;
};

interface Search {
  readonly seen: Set<string>;
  readonly left: (readonly Choice[])[];
  readonly broken: string[];
  transitions: number;
  ends: number;
}

const noteBroken = (search: Search, path: Path, found: readonly string[]): void => {
  for (const what of found)
    if (search.broken.length < BROKEN_MAX) search.broken.push(`${what}, after ${path.describe()}`);
};

/** Follows one path into whatever is new, and leaves the turnings for later. */
const follow = async (search: Search, path: Path, bounds: InterleavingBounds): Promise<void> => {
  for (;;) {
    const state = digest(await path.stateText());
    if (search.seen.has(state)) return;
    search.seen.add(state);
    const found = await path.core.broken();
    noteBroken(search, path, found);
    const [first, ...others] = path.choices(bounds.faults);
    if (found.length > 0) return;
    if (first === undefined) {
      search.ends += 1;
      return noteBroken(search, path, await path.core.brokenInTheEnd());
    }
    for (const other of others) search.left.push([...path.taken, other]);
    search.transitions += 1 + others.length;
    await path.go(first);
  }
};

/**
 * Lets several callers work on one world, call by call, in every order that there is, each call failing in every way in
 * which one can, until nothing new is reached. The callers are the product's own code: a path is played again from its
 * beginning for every turning, because a function that has begun cannot be copied.
 */
export const exploreInterleavings = async (
  makeCore: () => Promise<Core>,
  bounds: InterleavingBounds,
): Promise<InterleavingExploration> => {
  const search: Search = { seen: new Set(), left: [[]], broken: [], transitions: 0, ends: 0 };
  const { statesMax = STATES_MAX } = bounds;
  while (search.left.length > 0 && search.seen.size < statesMax && search.broken.length < BROKEN_MAX) {
    await follow(search, await begun(makeCore, search.left.pop()!), bounds);
  }
  const { seen, left, transitions, ends, broken } = search;
  return { states: seen.size, transitions, ends, isClosed: left.length === 0, broken };
};
