const begin = (name: string): string => `<!-- ${name}: written by bin/buying-page.ts -->`;
const END = '<!-- end -->';

/**
 * The page with what stands between `<!-- name: … -->` and `<!-- end -->` replaced, for each name.
 * @throws when the page has no such place
 */
export const fillPage = (page: string, parts: ReadonlyMap<string, string>): string => {
  let filled = page;
  for (const [name, part] of parts) {
    const from = filled.indexOf(begin(name));
    const to = filled.indexOf(END, from);
    if (from < 0 || to < 0) throw new Error(`The page has no place between "${begin(name)}" and "${END}".`);
    filled = `${filled.slice(0, from)}${begin(name)}\n\n${part}\n\n${filled.slice(to)}`;
  }
  return filled;
};
