import type { Bug } from './bug.ts';

/** What tasks say of themselves, and what agents are asked for by people: heeded, or not. */
export const TELLING_BUGS: readonly Bug[] = [
  {
    name: 'asked-and-goes-on',
    tells: 'an agent that is asked to stop goes on',
    breaks: 'N6',
    file: 'lib/agent/agent.ts',
    find: "    desk.tell({ kind: 'machine-stopping', at: now, deadline: addMs(now, secondsToMs(settings.stopSeconds)) });",
    replace: '',
  },
  {
    name: 'asked-twice-and-waits',
    tells: 'an agent that is asked twice to stop waits for its tasks all the same',
    breaks: 'N6',
    file: 'lib/agent/drain.ts',
    find: '      if (state !== undefined && !state.isForced) become({ ...state, isForced: true });',
    replace: '',
  },
  {
    name: 'told-in-vain',
    tells: 'what a task says of the time that it still needs is not heeded',
    breaks: 'M1',
    file: 'lib/decisions/remaining-time.ts',
    find: '  if (toldLeftMs !== undefined) return',
    replace: '  if (toldLeftMs !== undefined && toldLeftMs > 1e9) return',
  },
  {
    name: 'told-long-ago',
    tells: 'what a task said of the time that it still needs counts as if it had just been said',
    breaks: 'M1',
    file: 'lib/agent/observed-run.ts',
    find: '{ toldLeftMs: told.leftMs - (at - told.at) }',
    replace: '{ toldLeftMs: told.leftMs + 0 * (at - told.at) }',
  },
  {
    name: 'saved-once',
    tells: 'of a task that is saved in the background only the first state is stored',
    breaks: 'M1',
    file: 'lib/agent/task-saver.ts',
    find: 'if (text === undefined || text === storedText) return;',
    replace: 'if (text === undefined || storedText !== undefined) return;',
  },
];
