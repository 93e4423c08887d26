import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface Deployment {
  readonly projectFolder: string;
  readonly fleetFile: string;
  /** The local cloud's own: endpoint, credentials, region. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** The stage of every local deployment. */
export const LOCAL_STAGE = 'local';

/** Asked for four times a second by default, which is most of the time a local deployment takes. */
const POLL_MS = '50';

/** What must not reach the child: a profile beats keys, and a proxy would carry local calls away. */
const REMOVED = /^(?:AWS_|HTTPS?_PROXY$|https?_proxy$|ALL_PROXY$|all_proxy$|NODE_OPTIONS$)/;

const childEnvironment = (deployment: Deployment): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !REMOVED.test(name))),
  ...deployment.environment,
  SPOTHOP_FLEET_FILE: deployment.fleetFile,
  SLS_AWS_MONITORING_FREQUENCY: POLL_MS,
});

const serverlessProgram = (): string => {
  const manifest = createRequire(import.meta.url).resolve('serverless/package.json');
  return join(dirname(manifest), 'bin', 'serverless.js');
};

/** Runs the real `serverless deploy`, unchanged, against the local cloud. @throws with the end of its output. */
export const deployService = (deployment: Deployment): Promise<void> =>
  new Promise((resolve, reject) => {
    const log = createWriteStream(deployment.logFile);
    let output = '';
    const child = spawn(process.execPath, [serverlessProgram(), 'deploy', '--stage', LOCAL_STAGE], {
      cwd: deployment.projectFolder,
      env: childEnvironment(deployment),
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: deployment.signal,
    });
    const keep = (chunk: Buffer): void => {
      log.write(chunk);
      output = (output + chunk.toString('utf8')).slice(-2_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    // An abort is an error too, and the child still has to end after it: nothing is left behind.
    let failure: Error | undefined;
    child.on('error', (error) => {
      failure = error;
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (code) => {
      log.end();
      if (failure !== undefined) reject(failure);
      else if (code === 0) resolve();
      else
        reject(
          new Error(`serverless deploy ended with ${code}:\n${output}\nThe whole of it is in ${deployment.logFile}.`),
        );
    });
  });
