import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ENTRY_POINT = fileURLToPath(new URL('../bin/agent.ts', import.meta.url));

/** Some of what the SDK brings along is CommonJS and asks for Node's own modules by `require`. */
const REQUIRE_BANNER =
  "import { createRequire as createRequireOfAgent } from 'node:module'; const require = createRequireOfAgent(import.meta.url);";

/**
 * Bundles the agent into one file that Node runs as it is, `agent.mjs`, alone in its folder, from where
 * `serverless deploy` packs it into the function that answers it to machines (docs/designs/0002).
 */
export const buildAgent = async (outputFolder: string): Promise<{ readonly path: string }> => {
  await rm(outputFolder, { recursive: true, force: true });
  await mkdir(outputFolder, { recursive: true });
  const path = join(outputFolder, 'agent.mjs');
  await build({
    entryPoints: [ENTRY_POINT],
    outfile: path,
    bundle: true,
    // Names stay as they are: those of error classes are part of what logs and callers read. Shortening all of them and
    // putting them back when the file is loaded would cost an idle agent 12 MB of memory.
    minifyWhitespace: true,
    minifySyntax: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE_BANNER },
    logLevel: 'warning',
  });
  return { path };
};
