import { registerHooks } from 'node:module';
import * as spothop from './index.ts';

/** Where the module that a task file imports finds what it hands on. */
const KEY = Symbol.for('spothop.worker');
const MODULE_URL = 'spothop:worker';

const sourceOf = (names: readonly string[]): string =>
  [
    "const api = globalThis[Symbol.for('spothop.worker')];",
    ...names.map((name) => `export const ${name} = api.${name};`),
  ].join('\n');

let isInstalled = false;

/**
 * From here on `import … from 'spothop'` means this copy, for a task file anywhere on the disk, with or without a
 * `node_modules` that has another: an agent and its tasks are one version, also when the agent is one bundled file.
 */
export const installImportHook = (): void => {
  if (isInstalled) return;
  isInstalled = true;
  Object.assign(globalThis, { [KEY]: spothop });
  const source = sourceOf(Object.keys(spothop));
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'spothop' ? { url: MODULE_URL, shortCircuit: true } : next(specifier, context),
    load: (url, context, next) =>
      url === MODULE_URL ? { format: 'module', source, shortCircuit: true } : next(url, context),
  });
};
