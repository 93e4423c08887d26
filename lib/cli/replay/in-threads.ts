import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Case, Replayed } from '../../replay/case.ts';
import type { Suite } from '../../replay/suites/suite.ts';
import { Shares } from './shares.ts';
import type { Answer, ThreadTask } from './thread.ts';

export type OnProgress = (done: number, all: number) => void;

interface Collected {
  readonly byCase: (readonly Replayed[])[];
  done: number;
}

/** Keeps one thread at work until nothing is left, and ends it. Rejects with what the thread threw. */
const runThread = (task: ThreadTask, shares: Shares, onAnswer: (answer: Answer) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: task });
    let cell: string | undefined;
    const handOut = (): void => {
      const share = shares.next(cell);
      cell = share?.cell;
      if (share === undefined) void thread.terminate().then(() => resolve());
      else thread.postMessage(share.cases);
    };
    thread.on('error', (error) => {
      shares.dropAll();
      reject(error);
    });
    thread.on('message', (answer: Answer) => {
      onAnswer(answer);
      handOut();
    });
    handOut();
  });

/** Replays a suite on every core of the machine; answers in the order of the cases, however they were shared out. */
export const replayInThreads = async (
  suite: Suite,
  task: Omit<ThreadTask, 'suite'>,
  onProgress: OnProgress,
): Promise<readonly Replayed[]> => {
  const cells = Array.from(
    suite.cases((path) => task.texts.get(path)!),
    ({ cell }) => cell,
  );
  const shares = new Shares(cells);
  const collected: Collected = { byCase: [], done: 0 };
  const onAnswer = (answer: Answer): void => {
    for (const [index, replayed] of answer) collected.byCase[index] = replayed;
    collected.done += answer.length;
    onProgress(collected.done, cells.length);
  };
  const threads = Math.min(availableParallelism(), cells.length);
  await Promise.all(Array.from({ length: threads }, () => runThread({ suite: suite.name, ...task }, shares, onAnswer)));
  return collected.byCase.flat();
};

/** For cases that come from files of the user: few, and known to no thread. */
export const replayHere = (
  cases: readonly Case[],
  policies: readonly string[],
  onProgress: OnProgress,
): readonly Replayed[] =>
  cases.flatMap((each, index) => {
    const replayed = each.replay(policies);
    onProgress(index + 1, cases.length);
    return replayed;
  });
