import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildFailure, build, type Message, type Plugin } from 'esbuild';

/** A worker's task as one file: what its machines fetch, and the digest they check it by. */
export interface TaskBundle {
  readonly text: string;
  /** Hexadecimal, of the text in UTF-8. */
  readonly sha256: string;
}

export type TaskBundling =
  | { readonly ok: true; readonly bundle: TaskBundle }
  /** Why not, for a sentence that begins with the file; and what to do. */
  | { readonly ok: false; readonly reason: string; readonly fix: string };

/**
 * What a function may answer is 6 MB of JSON (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html);
 * a little is left for what Lambda counts besides.
 */
export const ANSWER_BYTES_MAX = 6_000_000;

/** CommonJS packages ask for Node's own modules by `require`, which a module does not have. */
const REQUIRE_BANNER =
  "import { createRequire as createRequireOfTask } from 'node:module'; const require = createRequireOfTask(import.meta.url);";

const NATIVE_FIX =
  'install that package on the machines by worker.setup and run your program by worker.command, or use one without native code';

/** A compiled addon is for one platform, and a path on the machine that it was installed on: it cannot travel in a file. */
const refuseNativeModules: Plugin = {
  name: 'refuse-native-modules',
  setup: (api) => {
    api.onLoad({ filter: /\.node$/ }, ({ path }) => ({
      errors: [{ text: `needs the native module ${basename(path)}`, detail: { fix: NATIVE_FIX } }],
    }));
  },
};

const placeOf = ({ location }: Message): string => (location ? ` (${location.file}:${location.line})` : '');

const isNotFound = ({ text }: Message): boolean => text.startsWith('Could not resolve');

const fixOf = (messages: readonly Message[]): string => {
  const native = messages.find(({ detail }) => detail?.fix !== undefined);
  if (native !== undefined) return native.detail.fix;
  return messages.some(isNotFound)
    ? 'correct the path, or run npm install for a package that is missing'
    : 'correct the file; node runs it as it stands';
};

const SHOWN_MAX = 3;

const refusalOf = ({ errors }: BuildFailure): TaskBundling => {
  const shown = errors.slice(0, SHOWN_MAX).map((message) => `${message.text}${placeOf(message)}`);
  const more = errors.length > SHOWN_MAX ? `; and ${errors.length - SHOWN_MAX} more` : '';
  return { ok: false, reason: `cannot be made one file: ${shown.join('; ')}${more}`, fix: fixOf(errors) };
};

const isBuildFailure = (error: unknown): error is BuildFailure => Array.isArray((error as BuildFailure | null)?.errors);

const INSTALLED_HERE = fileURLToPath(new URL('../node_modules', import.meta.url));

/** Names in the result are relative to the file's folder, so that the digest is the same wherever the project lies. */
const buildTask = async (file: string) => {
  const { outputFiles, metafile } = await build({
    entryPoints: [basename(file)],
    absWorkingDir: dirname(file),
    outfile: 'task.mjs',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    // A file outside of any project still finds the packages that are installed here.
    nodePaths: [INSTALLED_HERE],
    // The agent hands out its own copy: two would not know each other's errors.
    external: ['spothop', 'spothop/*'],
    // CommonJS packages read these; both then name the one file.
    define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
    banner: { js: REQUIRE_BANNER },
    charset: 'utf8',
    plugins: [refuseNativeModules],
    logLevel: 'silent',
  });
  const [exported] = Object.values(metafile.outputs).map((output) => output.exports);
  return { text: outputFiles[0]?.text ?? '', exported: exported ?? [] };
};

/** The answer of `functions/agent.ts`, which is what Lambda measures. */
const answerBytes = ({ text, sha256 }: TaskBundle): number => Buffer.byteLength(JSON.stringify({ task: text, sha256 }));

const NO_TASK: TaskBundling = {
  ok: false,
  reason: 'exports no task',
  fix: "write export default defineTask({ name: '…', run(context, input) { … } })",
};

const tooLarge = (bytes: number): TaskBundling => ({
  ok: false,
  reason: `is ${bytes} bytes with everything it imports; a machine can be handed ${ANSWER_BYTES_MAX}`,
  fix: 'import less of what is large, or bring it to the machines by worker.setup and run it by worker.command',
});

/**
 * Makes a task file and everything that it imports, packages of npm too, one file that Node runs as it is. `spothop`
 * stays an import. Files that the task reads at run time do not travel with it.
 * @param file absolute path
 */
export const bundleTask = async (file: string): Promise<TaskBundling> => {
  try {
    const { text, exported } = await buildTask(file);
    if (!exported.includes('default')) return NO_TASK;
    const bundle = { text, sha256: createHash('sha256').update(text).digest('hex') };
    const bytes = answerBytes(bundle);
    return bytes > ANSWER_BYTES_MAX ? tooLarge(bytes) : { ok: true, bundle };
  } catch (error) {
    if (isBuildFailure(error)) return refusalOf(error);
    throw error;
  }
};
