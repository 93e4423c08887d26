import type { Bug } from './bug.ts';

export const BUGS: readonly Bug[] = [
  {
    name: 'commit-without-fence',
    tells: 'a commit is accepted whatever its attempt',
    breaks: 'W2',
    file: 'lib/fleet/task-protocol.ts',
    find: "  commit: ['attemptIsOurs', 'isRunningOrReady'],",
    replace: "  commit: ['isRunningOrReady'],",
  },
];
