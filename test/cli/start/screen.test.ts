import { describe, expect, it } from 'vitest';
import { openScreen } from '../../../lib/cli/start/screen.ts';

const screenWith = (settings: { isTerminal: boolean; hasColour?: boolean; columns?: number }) => {
  const written: string[] = [];
  const { isTerminal, hasColour = false, columns = 80 } = settings;
  const screen = openScreen((text) => written.push(text), { isTerminal, hasColour, columns: () => columns });
  return { screen, text: () => written.join('') };
};

describe('the screen of a run', () => {
  it('writes plain lines where there is no terminal: each saying, and one state of ten', () => {
    const { screen, text } = screenWith({ isTerminal: false, hasColour: true });
    screen.say('hello', 'good');
    for (let state = 1; state <= 11; state++) screen.show(['block'], `state ${state}`);
    screen.end();
    expect(text()).toBe('hello\nstate 1\nstate 11\n');
  });

  it('draws a block over the one before it, line by line', () => {
    const { screen, text } = screenWith({ isTerminal: true });
    screen.show(['one', 'two'], '');
    screen.show(['ONE', 'TWO'], '');
    expect(text()).toBe('one\u001b[K\ntwo\u001b[K\n\u001b[2A\rONE\u001b[K\nTWO\u001b[K\n');
  });

  it('puts a line that stays above the block', () => {
    const { screen, text } = screenWith({ isTerminal: true });
    screen.show(['block'], '');
    screen.say('notice', 'warning');
    expect(text()).toBe('block\u001b[K\n\u001b[1A\rnotice\u001b[K\nblock\u001b[K\n');
  });

  it('never lets a line of the block break', () => {
    const { screen, text } = screenWith({ isTerminal: true, columns: 10 });
    screen.show(['0123456789abc'], '');
    expect(text()).toBe('012345678\u001b[K\n');
  });

  it('colours only what matters, and only where colour is wanted', () => {
    const { screen, text } = screenWith({ isTerminal: true, hasColour: true });
    screen.say('plain');
    screen.say('good', 'good');
    expect(text()).toBe('plain\u001b[K\n\u001b[32mgood\u001b[39m\u001b[K\n');
  });
});
