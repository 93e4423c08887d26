import { addMs } from '../../fleet/time.ts';
import {
  describeHappening,
  type MarketScript,
  type ScriptedHappening,
  type ScriptTarget,
} from '../../market/script.ts';
import type { Machine } from '../machines/machine.ts';
import { recordSpot } from './price-recorder.ts';
import { type Ec2State, liveMachines } from './state.ts';

/** Whether a machine holds a task now; only the project's own tables know. */
export type HoldsWork = (instanceId: string) => Promise<boolean>;

/** A happening whose target is not there yet is tried again for this long. */
const TARGET_WAIT_MS = 10 * 60_000;
const TARGET_RETRY_MS = 1_000;

const noneHoldsWork: HoldsWork = async () => false;

const running = (state: Ec2State): readonly Machine[] =>
  liveMachines(state, 'spot').filter((machine) => machine.state === 'running' && machine.deadlineAt === undefined);

const firstWithWork = async (machines: readonly Machine[], holdsWork: HoldsWork): Promise<readonly Machine[]> => {
  for (const machine of machines) if (await holdsWork(machine.launch.instanceId)) return [machine];
  return [];
};

/** Machines are kept in the order of their launch. */
const targetsOf = async (state: Ec2State, target: ScriptTarget, holdsWork: HoldsWork): Promise<readonly Machine[]> => {
  const machines = running(state);
  switch (target) {
    case 'every spot machine':
      return machines;
    case 'oldest spot machine':
      return machines.slice(0, 1);
    case 'newest spot machine':
      return machines.slice(-1);
    case 'oldest spot machine that holds work':
      return firstWithWork(machines, holdsWork);
  }
};

const awaitTargets = async (
  state: Ec2State,
  target: ScriptTarget,
  holdsWork: HoldsWork,
): Promise<readonly Machine[]> => {
  const { clock, context } = state;
  const giveUpAt = addMs(clock.now(), TARGET_WAIT_MS);
  let machines = await targetsOf(state, target, holdsWork);
  while (machines.length === 0 && clock.now() < giveUpAt && !context.signal.aborted) {
    await clock.sleep(TARGET_RETRY_MS, context.signal);
    machines = await targetsOf(state, target, holdsWork);
  }
  return machines;
};

const strike = (machine: Machine, happening: ScriptedHappening['happening']): void => {
  if (happening === 'dear') return;
  if (happening === 'rebalance') machine.recommendRebalance(true);
  else if (happening === 'kill-without-warning') void machine.end('spot-kill', true);
  else void machine.reclaimWithNotice(true);
};

/** One machine is looked for; its pool gets dear, and the record tells of it and of the end. */
const makeDear = async (
  state: Ec2State,
  { percentOfOnDemand, durationMs }: Extract<ScriptedHappening, { happening: 'dear' }>,
): Promise<readonly Machine[]> => {
  const { market, clock, context, surges } = state;
  const machines = await awaitTargets(state, 'oldest spot machine', noneHoldsWork);
  for (const { launch } of machines) {
    const pool = { instanceType: launch.instanceType, zone: launch.zone };
    const onDemand = market.type(pool.instanceType)!.onDemandMicroUsdPerHour;
    const microUsdPerHour = Math.round((onDemand * percentOfOnDemand) / 100);
    const from = clock.now();
    surges.push({ pool, from, until: addMs(from, durationMs), microUsdPerHour });
    recordSpot(state, pool);
    void clock.sleep(durationMs, context.signal).then(() => {
      if (!context.signal.aborted) recordSpot(state, pool);
    });
  }
  return machines;
};

const happen = async (
  state: Ec2State,
  happening: ScriptedHappening,
  holdsWork: HoldsWork,
): Promise<readonly Machine[]> => {
  if (happening.happening === 'dear') return makeDear(state, happening);
  if (happening.happening !== 'no-spot') return awaitTargets(state, happening.target, holdsWork);
  state.noSpotUntil = addMs(state.clock.now(), happening.durationMs);
  return liveMachines(state, 'spot');
};

const play = async (state: Ec2State, happening: ScriptedHappening, holdsWork: HoldsWork): Promise<void> => {
  const { context, clock } = state;
  await clock.sleep(happening.afterMs, context.signal);
  if (context.signal.aborted) return;
  const machines = await happen(state, happening, holdsWork);
  if (context.signal.aborted) return;
  context.recorder.write({
    kind: 'scripted',
    what: happening.happening,
    description: describeHappening(happening),
    instanceIds: machines.map((machine) => machine.launch.instanceId),
  });
  for (const machine of machines) strike(machine, happening.happening);
};

const needsHoldsWork = (happening: ScriptedHappening): boolean =>
  'target' in happening && happening.target === 'oldest spot machine that holds work';

/** Throws when the script has a target that nobody could find. */
export const assertPlayable = (script: MarketScript, holdsWork: HoldsWork | undefined): void => {
  if (holdsWork !== undefined || !script.some(needsHoldsWork)) return;
  throw new Error(
    "The script's target 'oldest spot machine that holds work' needs ec2Service's option holdsWork; give it, or choose another target.",
  );
};

/**
 * Starts the script; its times count from now. Resolves when every happening has happened or the local cloud closes.
 * A happening that fails, because `holdsWork` does, is recorded and spoils no other.
 */
export const playScript = async (state: Ec2State, script: MarketScript, holdsWork = noneHoldsWork): Promise<void> => {
  await Promise.all(
    script.map((happening) =>
      play(state, happening, holdsWork).catch((error: unknown) =>
        state.context.recorder.write({
          kind: 'scripted',
          what: 'failed',
          description: describeHappening(happening),
          why: error instanceof Error ? error.message : String(error),
        }),
      ),
    ),
  );
};
