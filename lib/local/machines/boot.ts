import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { drawBetween } from '../../market/draw.ts';
import { LOCAL_REGION } from '../service.ts';
import type { Program, ProgramReference } from './fetch-program.ts';
import type { ProcessSpecification } from './processes.ts';
import { userDataEnvironment } from './user-data.ts';

/** Service time from launch to running; EC2 takes tens of seconds for a small Linux machine. */
const BOOT_DELAY_MS = { least: 20_000, most: 45_000 };

export const drawBootDelayMs = (seed: number, instanceId: string): number =>
  Math.floor(drawBetween(BOOT_DELAY_MS, seed, 'boot', instanceId));

export interface BootInput {
  readonly instanceId: string;
  readonly userData: string;
  readonly endpoint: string;
  readonly metadataEndpoint: string;
  readonly timeFactor: number;
  readonly timeOriginMs: number;
  /** Where workers' commands are looked up: the project at hand. */
  readonly projectFolder: string;
  readonly stateFolder: string;
  /** The path of a program that the user data names, digest checked. */
  fetchProgram(reference: ProgramReference): Promise<string>;
}

const FUNCTION_VARIABLE = 'SPOTHOP_AGENT_FUNCTION';

type Variables = Readonly<Record<string, string>>;

const referenceTo = (program: Program, variables: Variables): ProgramReference => {
  const digestVariable = program.kind === 'agent' ? 'SPOTHOP_AGENT_SHA256' : 'SPOTHOP_TASK_SHA256';
  const functionName = variables[FUNCTION_VARIABLE];
  const sha256 = variables[digestVariable];
  if (functionName && sha256) return { functionName, program, sha256 };
  throw new Error(`The environment block of the user data needs ${FUNCTION_VARIABLE} and ${digestVariable}.`);
};

/** On a machine the task lies at a fixed path; here many machines share a disk. */
const taskVariable = async (variables: Variables, { fetchProgram }: BootInput): Promise<Variables> => {
  if (variables['SPOTHOP_TASK'] === undefined) return {};
  const program: Program = { kind: 'task', fleet: variables['SPOTHOP_FLEET'] ?? '' };
  return { SPOTHOP_TASK: await fetchProgram(referenceTo(program, variables)) };
};

/** What the user data's script would do on a machine: the environment, the programs, and the command that starts them. */
export const bootSpecification = async (input: BootInput): Promise<ProcessSpecification> => {
  const fromUserData = userDataEnvironment(input.userData);
  const home = join(input.stateFolder, 'machines', input.instanceId);
  mkdirSync(home, { recursive: true });
  return {
    executable: process.execPath,
    arguments: [await input.fetchProgram(referenceTo({ kind: 'agent' }, fromUserData))],
    environment: {
      ...fromUserData,
      ...(await taskVariable(fromUserData, input)),
      AWS_ENDPOINT_URL: input.endpoint,
      AWS_REGION: LOCAL_REGION,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: input.metadataEndpoint,
      SPOTHOP_TIME_FACTOR: String(input.timeFactor),
      SPOTHOP_TIME_ORIGIN_MS: String(input.timeOriginMs),
      PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
      // A home of its own: the configuration and credentials of the person at the laptop stay out of reach.
      HOME: home,
      // What the unit of a real machine says.
      SPOTHOP_STATE_DIR: home,
      SPOTHOP_ALIVE_FILE: join(home, 'alive'),
    },
    folder: input.projectFolder,
    logPath: join(input.stateFolder, 'machines', `${input.instanceId}.log`),
  };
};
