// serverless.yml reads JavaScript only; the variables themselves are made by variables.ts.
const { execFile } = require('node:child_process');
const { join } = require('node:path');
const { promisify } = require('node:util');

const OUTPUT_BYTES_MAX = 1024 * 1024;

// From this version on Node runs TypeScript as it stands.
const runsTypeScript = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
};

const inThisProcess = async () => (await import('./variables.ts')).variables();

// An older Node may run serverless itself; the variables are then made by the Node that npm ci installed.
const inPinnedNode = async () => {
  const node = join(__dirname, '..', 'node_modules', '.bin', 'node');
  const program = `
    import { variables } from './deploy/variables.ts';
    try {
      console.log(JSON.stringify(await variables()));
    } catch (error) {
      console.error(error.message);
      process.exit(1);
    }`;
  const options = { cwd: join(__dirname, '..'), maxBuffer: OUTPUT_BYTES_MAX };
  try {
    const { stdout } = await promisify(execFile)(node, ['--input-type=module', '--eval', program], options);
    return JSON.parse(stdout);
  } catch (error) {
    throw new Error(error.stderr || error.message);
  }
};

let made;

// serverless asks once for each place that reads a variable; the fleet file is read, and the agent built, once.
module.exports = () => {
  made ??= (runsTypeScript() ? inThisProcess() : inPinnedNode()).catch((error) => {
    // serverless prints the stack where there is one; what is wrong with a fleet file stands in the message alone.
    error.stack = error.message;
    throw error;
  });
  return made;
};
