import type { EpochMs } from '../../fleet/time.ts';

/** Everything that a seed's life did, as a hash that two runs must share, and as lines when somebody wants to read them. */
export interface Trace {
  /** Part of the hash, and a line for people, who are told more if there is more to tell. */
  note(by: string, what: string, more?: () => string): void;
  /** A line for people alone; worked out only where somebody reads it. */
  tell(by: string, what: () => string): void;
  /** Part of the hash alone: calls that change nothing are too many to read. */
  mix(value: number): void;
  hash(): string;
  lines(): readonly string[];
}

export interface TraceOptions {
  readonly now: () => EpochMs;
  readonly startedAt: EpochMs;
  /** The last so many lines are kept; none by default. */
  readonly linesMax?: number;
}

const FNV_PRIME = 0x01000193;
const SECOND_PRIME = 0x85ebca6b;

/** Hours, minutes, seconds and milliseconds of a life. */
export const clockTime = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000);
  const part = (value: number, digits: number): string => String(value).padStart(digits, '0');
  const hours = part(Math.floor(seconds / 3_600), 2);
  return `${hours}:${part(Math.floor(seconds / 60) % 60, 2)}:${part(seconds % 60, 2)}.${part(Math.floor(ms) % 1_000, 3)}`;
};

export const createTrace = ({ now, startedAt, linesMax = 0 }: TraceOptions): Trace => {
  let one = 0x811c9dc5;
  let other = 0x9e3779b9;
  const lines: string[] = [];
  const mix = (value: number): void => {
    one = Math.imul(one ^ value, FNV_PRIME);
    other = Math.imul((other << 5) ^ (other >>> 27) ^ value, SECOND_PRIME);
  };
  const mixText = (text: string): void => {
    for (let index = 0; index < text.length; index += 1) mix(text.charCodeAt(index));
  };
  const write: Trace['tell'] = (by, what) => {
    if (linesMax === 0) return;
    lines.push(`${clockTime(now() - startedAt)}  ${by.padEnd(12)}  ${what()}`);
    if (lines.length > linesMax) lines.shift();
  };
  return {
    mix,
    note: (by, what, more) => {
      mix(now() - startedAt);
      mixText(by);
      mixText(what);
      write(by, () => (more === undefined ? what : `${what} ${more()}`));
    },
    tell: write,
    hash: () => [one, other].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join(''),
    lines: () => lines,
  };
};
