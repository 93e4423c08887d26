import { type ProgressReport, plausibleFigures } from './runner.ts';

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
};

/**
 * `{"share":0.4,"secondsLeft":90,"savesWhenStopped":true}`, each field optional. A hint, so what cannot be true is left
 * out; `undefined` when the text is no JSON object.
 */
export const parseProgress = (text: string): ProgressReport | undefined => {
  const fields = fieldsOf(text);
  if (fields === undefined) return undefined;
  return { ...plausibleFigures(fields), ...(fields['savesWhenStopped'] === true ? { savesWhenStopped: true } : {}) };
};
