import type { EpochMs } from '../../fleet/time.ts';
import type { Machine } from '../machines/machine.ts';
import type { Ec2State } from './state.ts';

/** Does to a spot machine what the market has decided for it, unless it ends before. */
export const followFate = async ({ market, clock }: Ec2State, machine: Machine): Promise<void> => {
  const { launch, over } = machine;
  const fate = market.fate(launch, launch.ordinal, launch.launchedAt);
  if (fate === undefined) return;
  const until = (instant: EpochMs) => clock.sleep(Math.max(0, instant - clock.now()), over);
  if (fate.rebalanceAt !== undefined) {
    await until(fate.rebalanceAt);
    machine.recommendRebalance();
  }
  await until(fate.noticeAt ?? fate.reclaimAt);
  if (over.aborted) return;
  await (fate.noticeAt === undefined ? machine.end('spot-kill') : machine.reclaimWithNotice());
};
