import picocolors from 'picocolors';
import type { Weight } from '../happenings.ts';

/** Where a run shows itself: a block redrawn in place on a terminal, plain lines everywhere else. */
export interface Screen {
  /** A line that stays. */
  say(line: string, weight?: Weight): void;
  /** The present state, in both forms. Plain output takes one of every few. */
  show(block: readonly string[], line: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

export interface ScreenSettings {
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
  readonly columns: () => number;
}

/** One plain line for this many states shown. */
const PLAIN_EVERY = 10;

const COLUMNS_USUAL = 80;

/** Each line is written over the old one and only its rest cleared, so that nothing flickers. */
const CLEAR_LINE_END = '\u001b[K';
const up = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\r`);

type Paint = (text: string, weight: Weight) => string;

const painter = (hasColour: boolean): Paint => {
  const colours = picocolors.createColors(hasColour);
  return (text, weight) => {
    if (weight === 'good') return colours.green(text);
    return weight === 'warning' ? colours.yellow(text) : text;
  };
};

const terminalScreen = (write: (text: string) => void, { hasColour, columns }: ScreenSettings): Screen => {
  const paint = painter(hasColour);
  let drawn: readonly string[] = [];
  // A line that the terminal breaks would put the next redraw one row too low.
  const blockLine = (line: string): string => `${line.slice(0, columns() - 1)}${CLEAR_LINE_END}\n`;
  const draw = (block: readonly string[], above = ''): void => {
    write(`${up(drawn.length)}${above}${block.map(blockLine).join('')}`);
    drawn = block;
  };
  return {
    say: (line, weight = 'plain') => draw(drawn, `${paint(line, weight)}${CLEAR_LINE_END}\n`),
    show: (block) => draw(block),
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

export const openScreen = (write: (text: string) => void, settings: ScreenSettings): Screen =>
  settings.isTerminal ? terminalScreen(write, settings) : plainScreen(write);

/** How a stream of this process wants to be written to. `NO_COLOR` and its like are heard (https://no-color.org). */
export const settingsOf = (stream: NodeJS.WriteStream): ScreenSettings => ({
  isTerminal: stream.isTTY === true,
  hasColour: stream.isTTY === true && picocolors.isColorSupported,
  columns: () => stream.columns || COLUMNS_USUAL,
});
