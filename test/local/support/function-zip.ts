/** A function's zip as the deploy packs it: bundled by esbuild, zipped with the handler's path. */
import { build } from 'esbuild';
import { zipSync } from 'fflate';

export const functionZip = async (source: string, path = 'src/handler.mjs'): Promise<Buffer> => {
  const bundle = await build({
    stdin: { contents: source, loader: 'ts', resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    minify: true,
    write: false,
  });
  return Buffer.from(zipSync({ [path]: bundle.outputFiles[0]?.contents ?? new Uint8Array() }));
};
