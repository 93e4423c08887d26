/**
 * One thread of `bin/simulate.ts`: plays seeds, with at most one bug planted in the product's sources as they are loaded.
 * The product is imported only after that, so nothing of it may be imported here by name.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { changesOf } from '../lib/simulator/bugs/changes.ts';
import type { CheckOrder, WorkerOrder, WorkerReport, WorkerSetup } from '../lib/simulator/campaign/worker-messages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const setup = workerData as WorkerSetup;

/** The changes to make, by file. */
const changes = new Map(changesOf(setup).map(({ file, to }) => [file, to]));

const planted = new Set<string>();

const fileOf = (url: string): string | undefined =>
  url.startsWith('file:') && fileURLToPath(url).startsWith(ROOT) ? fileURLToPath(url).slice(ROOT.length) : undefined;

if (changes.size > 0) {
  registerHooks({
    load: (url, context, nextLoad) => {
      const file = fileOf(url);
      const change = file === undefined ? undefined : changes.get(file);
      if (change === undefined) return nextLoad(url, context);
      // Read as plain text: Node would have taken the types away, and with them the text that the bug is found by.
      const loaded = nextLoad(url, { ...context, format: 'module-typescript' });
      planted.add(file!);
      return { ...loaded, format: 'module-typescript', source: change(String(loaded.source)) };
    },
  });
}

// Faults are errors by the thousand, and nobody reads their stacks.
Error.stackTraceLimit = setup.linesMax > 0 ? 10 : 0;

const [{ reconcileHandler }, { signalsHandler }, { playLife }, { checkInterleavings, checkTables }] = await Promise.all(
  [
    import('../functions/reconcile.ts'),
    import('../functions/signals.ts'),
    import('../lib/simulator/life/play-life.ts'),
    import('../lib/simulator/exhaustive/check-cores.ts'),
  ],
);
if (changes.size > 0 && planted.size === 0) {
  const files = [...changes.keys()].join(', ');
  throw new Error(`A simulation loads nothing of ${files}: whether the change is wrong is for npm test to say.`);
}

const functions = { signals: signalsHandler, reconcile: reconcileHandler };
const report = (told: WorkerReport): void => parentPort!.postMessage(told);

const playRange = async ({ from, to, stopsAtFailure, onlyTasks }: WorkerOrder): Promise<void> => {
  for (let seed = from; seed <= to; seed += 1) {
    const { linesMax, plan, fault } = setup;
    const result = await playLife(functions, {
      seed,
      linesMax,
      ...plan,
      ...(fault === undefined ? {} : { fault }),
      ...(onlyTasks === undefined ? {} : { onlyTasks }),
    });
    report({ kind: 'played', result });
    if (stopsAtFailure && result.violations.length > 0) break;
  }
  report({ kind: 'ready' });
};

const check = async ({ check: which }: CheckOrder): Promise<void> =>
  report({ kind: 'checked', findings: await (which === 'tables' ? checkTables() : checkInterleavings()) });

parentPort!.on('message', (order: WorkerOrder | CheckOrder) =>
  'check' in order ? void check(order) : void playRange(order),
);
report({ kind: 'ready' });
