import type { Run } from '../../lib/cli/start/demo-run.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { type BusyMachine, busyMachines, followAgents, isGivenAway, type LivingAgents } from './machines.ts';

/** What is done to agents, in turn. `freeze` stops the whole machine; `stun` only its agent, while the task works on. */
export type Blow = 'kill' | 'freeze' | 'stun';

export interface TroubleCounts {
  kills: number;
  /** Agents that were stopped, and woke up when another machine had their tasks. */
  pauses: number;
  /** Machines that were taken while they stood still. */
  pausesCutShort: number;
}

export interface TroublePlan {
  readonly blows: readonly Blow[];
  /** Wall-clock milliseconds between two blows, and before the first. */
  readonly everyMs: number;
}

const LOOK_MS = 500;

/** The dead need no signal. */
const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const clock = wallClock();

interface Theatre {
  readonly run: Run;
  readonly agents: LivingAgents;
  readonly counts: TroubleCounts;
  readonly over: AbortSignal;
}

/** Wakes it when its tasks are with others, or when everything is over: nothing is left standing still. */
const pause = async ({ run, agents, counts, over }: Theatre, machine: BusyMachine, blow: Blow): Promise<void> => {
  const target = blow === 'freeze' ? -machine.pid : machine.pid;
  signal(target, 'SIGSTOP');
  const lives = () => agents().get(machine.instanceId) === machine.pid;
  while (lives() && !over.aborted && !(await isGivenAway(run, machine))) await clock.sleep(LOOK_MS, over);
  if (!lives()) counts.pausesCutShort += 1;
  else if (!over.aborted || (await isGivenAway(run, machine))) counts.pauses += 1;
  if (lives()) signal(target, 'SIGCONT');
};

/** The next machine at work that has had no blow yet; waits for one. */
const nextMachine = async (
  { run, agents, over }: Theatre,
  struck: ReadonlySet<string>,
): Promise<BusyMachine | undefined> => {
  while (!over.aborted) {
    const machine = (await busyMachines(run, agents)).find(({ instanceId }) => !struck.has(instanceId));
    if (machine !== undefined) return machine;
    await clock.sleep(LOOK_MS, over);
  }
  return undefined;
};

const deal = (theatre: Theatre, machine: BusyMachine, blow: Blow): Promise<void> => {
  theatre.run.world.screen.say(`${blow.padEnd(6)}     ${machine.instanceId} (pid ${machine.pid})`, 'warning');
  if (blow !== 'kill') return pause(theatre, machine, blow);
  signal(machine.pid, 'SIGKILL');
  theatre.counts.kills += 1;
  return Promise.resolve();
};

/** Deals the blows one after the other, each to a machine at work that has had none. Pauses run beside what follows. */
export const makeTrouble = async (
  run: Run,
  { blows, everyMs }: TroublePlan,
  counts: TroubleCounts,
  over: AbortSignal,
): Promise<void> => {
  const theatre = { run, agents: followAgents(run), counts, over };
  const struck = new Set<string>();
  const dealt: Promise<void>[] = [];
  for (const blow of blows) {
    await clock.sleep(everyMs, over);
    const machine = await nextMachine(theatre, struck);
    if (machine === undefined) break;
    struck.add(machine.instanceId);
    dealt.push(deal(theatre, machine, blow));
  }
  await Promise.all(dealt);
};
