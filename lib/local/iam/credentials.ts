/** Hands out access keys and remembers whose they are. Deterministic for a given source of randomness. */
import type { Caller, CredentialRegistry, Credentials } from '../service.ts';

const KEY_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const SECRET_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** `length` letters of an alphabet; `random` is uniform in [0, 1). */
export const randomText = (random: () => number, length: number, letters: string = KEY_LETTERS): string =>
  Array.from({ length }, () => letters[Math.floor(random() * letters.length)]).join('');

/** AWS's prefixes: AKIA for a person's long-lived key, ASIA for a session's. */
const prefixFor = (caller: Caller): string => (caller.kind === 'root' ? 'AKIA' : 'ASIA');

export const credentialRegistry = (random: () => number): CredentialRegistry => {
  const callers = new Map<string, Caller>();
  return {
    issue: (caller): Credentials => {
      const accessKeyId = `${prefixFor(caller)}${randomText(random, 16)}`;
      callers.set(accessKeyId, caller);
      const sessionToken = caller.kind === 'root' ? '' : randomText(random, 64, SECRET_LETTERS);
      return { accessKeyId, secretAccessKey: randomText(random, 40, SECRET_LETTERS), sessionToken };
    },
    resolve: (accessKeyId) => callers.get(accessKeyId),
    revoke: (accessKeyId) => {
      callers.delete(accessKeyId);
    },
  };
};
