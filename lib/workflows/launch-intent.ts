import { learnFromLaunch } from '../decisions/learn-from-launch.ts';
import type { Intent } from '../fleet/fleet.ts';
import type { Ec2FleetId, FleetName } from '../fleet/ids.ts';
import type { RunTimeSummary } from '../fleet/instance.ts';
import type { Pool } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { LaunchAnswer, LaunchedMachine } from '../ports/machines.ts';
import { adoptMachine } from './adopt-machine.ts';
import { inParallel, MACHINES_AT_ONCE, throwFirstFailure } from './in-parallel.ts';
import type { WakeCollector } from './wakes.ts';
import type { World } from './world.ts';

type Answered = Extract<LaunchAnswer, { readonly answered: true }>;

/** What an intent carries besides the request: needed to read the answer, by whoever repeats it. */
interface StoredLaunch {
  readonly fleet: FleetName;
  readonly pools: readonly Pool[];
  readonly request: string;
  /** Absent in intents of earlier versions, and of a fleet whose tasks nobody has seen end. */
  readonly runTimesExpected?: RunTimeSummary;
}

const readStoredLaunch = (intent: Intent): StoredLaunch => JSON.parse(intent.request) as StoredLaunch;

const writeRows = async (
  world: World,
  intent: Intent,
  { fleet, runTimesExpected }: StoredLaunch,
  ec2FleetId: Ec2FleetId,
  machines: readonly LaunchedMachine[],
): Promise<void> => {
  await world.fleets.recordAnswer(fleet, intent.intentId, ec2FleetId);
  const owned = {
    fleet,
    intentId: intent.intentId,
    ec2FleetId,
    launchedAt: world.clock.now(),
    ...(runTimesExpected === undefined ? {} : { runTimesExpected }),
  };
  throwFirstFailure(
    await inParallel(machines, MACHINES_AT_ONCE, (machine) => adoptMachine(world, { ...machine, ...owned })),
  );
};

const countAnswer = (world: World, intent: Intent, fleet: FleetName, answer: Answered): void => {
  world.metrics.count('LaunchesAnswered', answer.machines.length, { fleet });
  if (intent.purchase === 'on-demand') world.metrics.count('LaunchesOnDemand', answer.machines.length, { fleet });
  world.log.info('EC2 answered a launch.', {
    fleet,
    intentId: intent.intentId,
    purchase: intent.purchase,
    asked: intent.count,
    given: answer.machines.length,
    refusals: answer.refusals.map((refusal) => `${refusal.class}:${refusal.code}`),
  });
};

const closeIntent = async (
  world: World,
  intent: Intent,
  { fleet, pools }: StoredLaunch,
  answer: Answered,
  now: EpochMs,
): Promise<void> => {
  const { head } = await world.fleets.read(fleet);
  const lesson = learnFromLaunch({ purchase: intent.purchase, pools }, answer, head.pools, now);
  for (const { metric, reason } of lesson.alarms) {
    world.metrics.count(metric);
    world.log.error(reason, { fleet, metric });
  }
  await world.fleets.closeIntent(fleet, intent.intentId, lesson);
};

/**
 * Asks EC2 for an intent that has been written: the request byte for byte under its own token, then rows, then closing.
 * A crash anywhere leaves the intent open, and the next reconcile repeats it to the same machines (N4).
 */
export const launchIntent = async (world: World, wakes: WakeCollector, intent: Intent): Promise<void> => {
  const stored = readStoredLaunch(intent);
  const { fleet, request } = stored;
  world.metrics.count('LaunchesAsked', intent.count, { fleet });
  const answer = await world.machines.launch(request);
  if (!answer.answered) {
    world.log.warn('EC2 did not answer a launch; it is repeated under its token.', {
      fleet,
      intentId: intent.intentId,
      code: answer.code,
    });
    return;
  }
  if (answer.ec2FleetId !== undefined) await writeRows(world, intent, stored, answer.ec2FleetId, answer.machines);
  countAnswer(world, intent, fleet, answer);
  await closeIntent(world, intent, stored, answer, world.clock.now());
  // The rest of a partial answer is the next plan's, which now knows which pools refused.
  if (answer.machines.length < intent.count) wakes.now(fleet);
};
