import { randomBytes } from 'node:crypto';
import { addMs, type EpochMs } from '../../fleet/time.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html */
const TTL_SECONDS_MAX = 21_600;

/** Session tokens of one machine's metadata service. */
export interface TokenBook {
  /** A new token, or undefined when the time to live asked for is not a whole number from 1 to 21,600. */
  issue(ttlText: string | undefined, now: EpochMs): { readonly token: string; readonly ttlSeconds: number } | undefined;
  isValid(token: string | undefined, now: EpochMs): boolean;
}

const parseTtlSeconds = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const seconds = Number(text);
  return seconds >= 1 && seconds <= TTL_SECONDS_MAX ? seconds : undefined;
};

export const createTokenBook = (): TokenBook => {
  const expiries = new Map<string, EpochMs>();
  return {
    issue: (ttlText, now) => {
      const ttlSeconds = parseTtlSeconds(ttlText);
      if (ttlSeconds === undefined) return undefined;
      for (const [token, expiry] of expiries) if (expiry <= now) expiries.delete(token);
      const token = randomBytes(30).toString('base64url');
      expiries.set(token, addMs(now, ttlSeconds * 1_000));
      return { token, ttlSeconds };
    },
    isValid: (token, now) => token !== undefined && (expiries.get(token) ?? 0) > now,
  };
};
