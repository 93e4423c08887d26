export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the named variables, all at once: a function that lacks three of them says so in one message.
 * `hint` says who should have set them.
 */
export const readEnvironment = <Name extends string>(
  environment: Environment,
  names: readonly Name[],
  hint: string,
): Readonly<Record<Name, string>> => {
  const missing = names.filter((name) => !environment[name]);
  if (missing.length > 0) throw new Error(`Missing from the environment: ${missing.join(', ')}. ${hint}`);
  return Object.fromEntries(names.map((name) => [name, environment[name]!])) as Record<Name, string>;
};
