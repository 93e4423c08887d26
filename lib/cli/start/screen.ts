/** Where a run shows itself: a block redrawn in place on a terminal, plain lines everywhere else. */
export interface Screen {
  /** A line that stays. */
  say(line: string): void;
  /** The present state, in both forms. Plain output takes one of every few. */
  show(block: readonly string[], line: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

/** One plain line for this many states shown. */
const PLAIN_EVERY = 10;

const CLEAR_BELOW = '\u001b[0J';
const up = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\r`);

const terminalScreen = (write: (text: string) => void): Screen => {
  let drawn: readonly string[] = [];
  const redraw = (above: string): void =>
    write(`${up(drawn.length)}${CLEAR_BELOW}${above}${drawn.map((line) => `${line}\n`).join('')}`);
  return {
    say: (line) => redraw(`${line}\n`),
    show: (block) => {
      const lines = drawn.length;
      drawn = block;
      write(`${up(lines)}${CLEAR_BELOW}${block.map((line) => `${line}\n`).join('')}`);
    },
    end: () => {
      drawn = [];
    },
  };
};

const plainScreen = (write: (text: string) => void): Screen => {
  let shown = 0;
  return {
    say: (line) => write(`${line}\n`),
    show: (_block, line) => {
      if (shown % PLAIN_EVERY === 0) write(`${line}\n`);
      shown += 1;
    },
    end: () => undefined,
  };
};

export const openScreen = (write: (text: string) => void, isTerminal: boolean): Screen =>
  isTerminal ? terminalScreen(write) : plainScreen(write);
