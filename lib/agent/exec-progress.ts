import type { ProgressReport } from './runner.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
};

const numberWithin = (value: unknown, most: number): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= most ? value : undefined;

/**
 * `{"share":0.4,"secondsLeft":90,"savesWhenStopped":true}`, each field optional. A hint, so what cannot be true is left
 * out; `undefined` when the text is no JSON object.
 */
export const parseProgress = (text: string): ProgressReport | undefined => {
  const fields = fieldsOf(text);
  if (fields === undefined) return undefined;
  const share = numberWithin(fields['share'], 1);
  const secondsLeft = numberWithin(fields['secondsLeft'], Number.MAX_SAFE_INTEGER);
  return {
    ...(share === undefined ? {} : { share }),
    ...(secondsLeft === undefined ? {} : { secondsLeft }),
    ...(fields['savesWhenStopped'] === true ? { savesWhenStopped: true } : {}),
  };
};
