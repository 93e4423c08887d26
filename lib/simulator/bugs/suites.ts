/**
 * What a simulation has a model of its own for, or has no use of. The functions name some of it, so that it is loaded all
 * the same; nothing of it is ever called.
 */
const NEVER_PLAYED =
  /^(?:lib\/(?:aws|cli|clock|config|integrations|local|market|replay|report|simulator|telemetry)\/|lib\/wiring\.ts$|(?!lib\/|functions\/))/;

export const isPlayed = (file: string): boolean => !NEVER_PLAYED.test(file);

/** The real adapters are held to the models that simulations play with by the contracts, and by tests of their own. */
const SUITES: readonly { readonly of: RegExp; readonly suites: readonly string[] }[] = [
  { of: /^lib\/aws\//, suites: ['test/contracts', 'test/aws'] },
  { of: /^lib\/clock\//, suites: ['test/clock'] },
  { of: /^lib\/config\//, suites: ['test/config'] },
  { of: /^lib\/market\//, suites: ['test/market'] },
  { of: /^lib\/report\//, suites: ['test/report'] },
];

/** The folders of tests that hold what no simulation plays of these files. */
export const suitesOf = (files: readonly string[]): readonly string[] => [
  ...new Set(files.flatMap((file) => SUITES.filter(({ of }) => of.test(file)).flatMap(({ suites }) => suites))),
];
