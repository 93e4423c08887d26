import type { CliWorld } from './world.ts';

/** Asks whoever is at the terminal, unless they said yes beforehand. Where nobody is there, the command itself is the word. */
export const hasConsent = async (world: CliWorld, question: string, isGiven: boolean): Promise<boolean> => {
  if (isGiven) return true;
  const answer = await world.ask(`${question} [y/N] `);
  return answer === undefined || /^y(?:es)?$/i.test(answer.trim());
};
