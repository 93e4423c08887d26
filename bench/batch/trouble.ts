import type { Run } from '../../lib/cli/start/demo-run.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { type BusyMachine, busyMachines, isGivenAway, livingAgents } from './machines.ts';

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

const LOOK_MS = 250;

/** The dead need no signal. */
const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
};

const clock = wallClock();

/** Wakes it when its tasks are with others, or when everything is over: nothing is left standing still. */
const pause = async (run: Run, machine: BusyMachine, blow: Blow, counts: TroubleCounts, over: AbortSignal) => {
  const target = blow === 'freeze' ? -machine.pid : machine.pid;
  signal(target, 'SIGSTOP');
  const lives = () => livingAgents(run).get(machine.instanceId) === machine.pid;
  while (lives() && !over.aborted && !(await isGivenAway(run, machine))) await clock.sleep(LOOK_MS, over);
  if (!lives()) counts.pausesCutShort += 1;
  else if (!over.aborted || (await isGivenAway(run, machine))) counts.pauses += 1;
  if (lives()) signal(target, 'SIGCONT');
};

const chooseMachine = async (run: Run, spared: ReadonlySet<string>): Promise<BusyMachine | undefined> =>
  (await busyMachines(run)).find(({ instanceId }) => !spared.has(instanceId));

/** Deals the blows one after the other, each to a machine at work that has had none. Pauses run beside what follows. */
export const makeTrouble = async (
  run: Run,
  { blows, everyMs }: TroublePlan,
  counts: TroubleCounts,
  over: AbortSignal,
): Promise<void> => {
  const struck = new Set<string>();
  const pauses: Promise<void>[] = [];
  for (const blow of blows) {
    await clock.sleep(everyMs, over);
    let machine = await chooseMachine(run, struck);
    while (machine === undefined && !over.aborted) {
      await clock.sleep(LOOK_MS, over);
      machine = await chooseMachine(run, struck);
    }
    if (machine === undefined || over.aborted) break;
    struck.add(machine.instanceId);
    run.world.screen.say(`${blow.padEnd(11)}${machine.instanceId} (pid ${machine.pid})`, 'warning');
    if (blow !== 'kill') pauses.push(pause(run, machine, blow, counts, over));
    else {
      signal(machine.pid, 'SIGKILL');
      counts.kills += 1;
    }
  }
  await Promise.all(pauses);
};
