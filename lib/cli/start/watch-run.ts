import { DEAD_MAN_SECONDS, SWEEP_SECONDS } from '../../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../../fleet/time.ts';
import { DEMO_FLEET_NAME } from './demo-fleet.ts';
import { assertNotInterrupted, type Run } from './demo-run.ts';
import { secondsOf } from './options.ts';
import { progressBlock, progressLine } from './progress.ts';
import { livingMachines, tasksWith } from './run-tally.ts';

/** Service time between two looks at the record. */
const LOOK_MS = 5_000;

/**
 * Service time that a fleet without work may take to go home. Mostly it takes two minutes; a machine whose agent died
 * with it is ended by the service when it is wanted no more, and at the latest powers itself off.
 */
const FAREWELL_SECONDS_MAX = DEAD_MAN_SECONDS + 2 * SWEEP_SECONDS;

const show = ({ tally, world, startedAt, cloud }: Run): void => {
  const now = cloud.context.clock.now();
  world.screen.show(progressBlock(tally, startedAt, now), progressLine(tally, startedAt, now));
};

/** Shows the state again and again until the condition holds or the time is over. @throws Interrupted */
const watchUntil = async (run: Run, holds: () => boolean | Promise<boolean>, until: EpochMs): Promise<boolean> => {
  const { clock } = run.cloud.context;
  for (;;) {
    assertNotInterrupted(run.world);
    run.look();
    show(run);
    if (await holds()) return true;
    if (clock.now() >= until) return false;
    await clock.sleep(LOOK_MS, run.world.signal);
  }
};

const isWorkedOff = ({ tally, work }: Run): boolean =>
  tally.tasks.size >= work.tasks.length && tasksWith(tally, 'ready') + tasksWith(tally, 'running') === 0;

/** Whether every task came to an end within the time it was given; also over when the signal aborts. */
export const workBatchOff = (run: Run, signal: AbortSignal): Promise<boolean> => {
  const { cloud, options } = run;
  const until = addMs(cloud.context.clock.now(), secondsToMs(secondsOf(options)) * cloud.context.timeFactor);
  return watchUntil(run, () => signal.aborted || isWorkedOff(run), until);
};

/** With nothing left to do the fleet goes home by itself; every run is then closed in the money ledger. */
export const sendFleetHome = async (run: Run): Promise<void> => {
  const { cloud, service, tally } = run;
  await service.wakes.wake(DEMO_FLEET_NAME);
  const nobodyLeft = async (): Promise<boolean> =>
    livingMachines(tally).length === 0 && (await service.fleets.read(DEMO_FLEET_NAME)).members.length === 0;
  await watchUntil(run, nobodyLeft, addMs(cloud.context.clock.now(), secondsToMs(FAREWELL_SECONDS_MAX)));
};
