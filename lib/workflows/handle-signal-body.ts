import type { SignalQueue } from '../ports/signal-queue.ts';
import { parseSignal } from '../signals/parse-signal.ts';
import { inParallel, throwFirstFailure } from './in-parallel.ts';
import { recordSignal } from './record-signal.ts';
import type { WakeCollector } from './wakes.ts';
import type { World } from './world.ts';

/** The account and region this stack serves: a signal that names another is refused (S1). */
export interface Home {
  readonly account: string;
  readonly region: string;
}

/** A Health event may name a hundred machines, and the whole batch has five seconds. */
const SIGNALS_AT_ONCE = 16;

/** What the signals function is built on. */
export interface SignalsWorld {
  readonly world: World;
  readonly queue: SignalQueue;
  readonly home: Home;
}

/**
 * One body from the signals queue. What cannot be read is counted and kept aside, never acted on; what can be read is
 * recorded signal by signal, since one AWS Health event may name many machines: one that fails keeps no other waiting.
 */
export const handleSignalBody = async (
  { world, queue, home }: SignalsWorld,
  wakes: WakeCollector,
  body: string,
): Promise<void> => {
  const parsed = parseSignal(body, home, world.clock.now());
  switch (parsed.kind) {
    case 'ignored':
      return;
    case 'refused':
    case 'unrecognised':
      world.metrics.count(parsed.kind === 'refused' ? 'SignalsRefused' : 'SignalsUnrecognised');
      world.log.warn('A signal was not acted on.', { outcome: parsed.kind, because: parsed.because });
      return queue.keepAside(body, parsed.because);
    case 'signals':
      throwFirstFailure(
        await inParallel(parsed.signals, SIGNALS_AT_ONCE, (signal) => recordSignal(world, wakes, signal)),
      );
  }
};
