import type { FaultId } from '../../lib/simulator/faults/simulated.ts';
import type { LifeKind } from '../../lib/simulator/life/kinds.ts';

/** A seed that broke a promise once, and what was wrong then. */
export interface Regression {
  readonly seed: number;
  readonly showed: string;
  /** What the life was about; absent of one fleet that launches its machines itself. */
  readonly life?: LifeKind;
  /** There where it showed with this fault at its highest rate. */
  readonly fault?: FaultId;
}

const BEGUN_AGAIN = 'W2: a task whose hand-back could not be written ran again under the same attempt';
const NEVER_COPIED =
  'O2: a dead task whose agent ended before it was copied, and whose message was lost, was found by nobody';

const NOT_THERE_YET = 'N3: spot was asked for in place of an on-demand machine that had only been asked for';

const LET_GO_UNCOPIED =
  'O2: a task found dead by an agent that was started again was let go although it could not be copied';

const LET_GO_WHERE_IT_DIED =
  'O2: a dead task was let go by its agent, which could not copy it, and its message was lost';

const CALLED_BACK_WHILE_DRAINED =
  'W4: a machine that a reconcile had just drained was called back by it, and nobody asked for in its place';

const BEGUN_TOO_LATE =
  'W2: a task was begun by a machine that had stood still while it fetched its checkpoint, long after it was given away';

const NEVER_PLACED = 'M2: a machine of somebody’s that ended before it got its place kept its run open for ever';

const SLOW_WARNING = 'auditor, O2: a pool was asked while the writing of a warning took its time';

const MET_WHILE_IT_RAN =
  'auditor, O2: a message that came back while its task ran was taken for that of the failed run';

const SAVED_IN_THE_BACKGROUND =
  'auditor, M1: checkpoints that are saved in the background did not count for how long they take';

const CUT_AND_RELEASED = 'auditor, W6: a checkpoint was cut, of a row that had been released by then';

const TOLD_AFTER_A_PAUSE = 'auditor, N6: the end of a run waited for the repetition of a call';

const TWO_MESSAGES_LOST = 'auditor, O2: a dead task lost two messages to others';

const UNTOLD_CHECKPOINT = 'auditor, W6: a checkpoint was written, and its agent was told nothing';

const TWO_NOTICES = 'auditor, M1: a machine read two notices, and went by the nearer one';

const WORKED_ON_AND_READY = 'auditor, W4: a released task was worked on under its own number, and met by nobody else';

const CALLED_OFF = 'auditor, M1: an announced end was called off while its machine drained for it';

const SECOND_TOOK_OVER =
  'simulator, W4: a second agent became its machine’s as the first ended, and went on when that was to fall silent';

/**
 * Played with every change. A seed is another life once the simulator's draws have changed: what such a life once showed
 * is then held by the tests of the code that was mended.
 */
export const REGRESSIONS: readonly Regression[] = [
  { seed: 6, showed: BEGUN_AGAIN },
  { seed: 7, showed: BEGUN_AGAIN },
  { seed: 9, showed: BEGUN_AGAIN },
  { seed: 18, showed: BEGUN_AGAIN },
  { seed: 26, showed: BEGUN_AGAIN },
  { seed: 28, showed: BEGUN_AGAIN },
  { seed: 34, showed: BEGUN_AGAIN },
  { seed: 1531, showed: NEVER_COPIED },
  { seed: 692, showed: NOT_THERE_YET },
  { seed: 1717, showed: CALLED_BACK_WHILE_DRAINED },
  { seed: 8483, showed: SLOW_WARNING },
  { seed: 12876, showed: MET_WHILE_IT_RAN },
  { seed: 74373, showed: MET_WHILE_IT_RAN },
  { seed: 24023, showed: SAVED_IN_THE_BACKGROUND },
  { seed: 34520, showed: CUT_AND_RELEASED },
  { seed: 40644, showed: TOLD_AFTER_A_PAUSE },
  { seed: 54819, showed: TWO_MESSAGES_LOST },
  { seed: 59715, showed: UNTOLD_CHECKPOINT },
  { seed: 70622, showed: TWO_NOTICES },
  { seed: 77286, showed: WORKED_ON_AND_READY },
  { seed: 91107, showed: CALLED_OFF },
  { seed: 96042, showed: SECOND_TOOK_OVER },
  { seed: 100000380, showed: BEGUN_TOO_LATE },
  { seed: 612000822, showed: LET_GO_WHERE_IT_DIED, life: 'two-fleets', fault: 'F09' },
  { seed: 1084, showed: LET_GO_UNCOPIED, life: 'attach' },
  { seed: 1163, showed: NEVER_PLACED, life: 'attach' },
  { seed: 2091, showed: NEVER_PLACED, life: 'observe' },
];
