import { realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wallClock } from '../../clock/wall-clock.ts';
import type { FleetSpecification } from '../../config/fleet-specification.ts';
import type { RecordLine } from '../../local/service.ts';
import { startWholeCloud, type WholeCloud } from '../../local/whole-cloud.ts';
import { randomOf } from '../../market/draw.ts';
import { exampleMarket } from '../../market/settings.ts';
import { clockTime } from '../clock-time.ts';
import { happeningOf } from '../happenings.ts';
import { stackAnnouncer } from './announce-stacks.ts';
import { DEPLOY_COMMAND, LOCAL_STACK, type LocalGuide, shellWord } from './guide.ts';
import type { LocalOptions } from './options.ts';
import type { PlaceOfFleets } from './place-of-fleets.ts';

/** Wall-clock time between two looks at the record. */
const LOOK_MS = 250;

const PROJECT_FOLDER = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

const isHere = (): boolean => realpathSync('.') === realpathSync(PROJECT_FOLDER);

const recordFileOf = (options: LocalOptions): string => join(resolve(options.record ?? options.state), 'record.jsonl');

/** @throws when the port is taken or the folders cannot be written */
export const openLocalCloud = async (options: LocalOptions, place: PlaceOfFleets): Promise<WholeCloud> => {
  const originMs = wallClock().now();
  const clock = wallClock({ timeFactor: options.timeFactor, originMs });
  const { types, zones, network } = place;
  return startWholeCloud({
    clock,
    timeFactor: options.timeFactor,
    timeOriginMs: originMs,
    stateFolder: resolve(options.state),
    random: randomOf(options.seed, 'names'),
    market: exampleMarket(options.seed, clock.now(), { types, zones }),
    network,
    // Paths of workers are relative to the fleet file.
    projectFolder: dirname(resolve(options.fleetFile)),
    port: options.port,
    recordFile: recordFileOf(options),
  });
};

export const guideTo = (cloud: WholeCloud, options: LocalOptions, fleets: readonly string[]): LocalGuide => ({
  endpoint: cloud.endpoint,
  environment: {
    ...cloud.environmentToExport(),
    SPOTHOP_FLEET_FILE: resolve(options.fleetFile),
    SPOTHOP_STACK: LOCAL_STACK,
  },
  fleetFile: options.fleetFile,
  fleets,
  logs: join(resolve(options.state), 'machines'),
  outbox: join(resolve(options.state), 'outbox'),
  record: recordFileOf(options),
  timeFactor: options.timeFactor,
  seed: options.seed,
  // serverless.yml lies in the project's own folder, which need not be the one at hand.
  next: [...(isHere() ? [] : [`cd ${shellWord(PROJECT_FOLDER)}`]), DEPLOY_COMMAND],
});

const stackOf = (line: RecordLine): string | undefined =>
  line.kind === 'request' && line['service'] === 'cloudformation'
    ? (line['parameters'] as { readonly stack?: string }).stack
    : undefined;

/** Each call tells what has happened since the last one, with the service time since the first. */
const teller = (
  cloud: WholeCloud,
  fleets: readonly FleetSpecification[],
  tell: (text: string) => void,
): (() => void) => {
  const announce = stackAnnouncer(cloud, fleets);
  const startedAt = cloud.context.clock.now();
  let seen = 0;
  const textsOf = (line: RecordLine): readonly string[] => {
    const stack = stackOf(line);
    const happening = happeningOf(line);
    return [...(stack === undefined ? [] : announce(stack)), ...(happening ? [happening.text] : [])];
  };
  return () => {
    const lines = cloud.context.recorder.lines();
    for (; seen < lines.length; seen++) {
      const line = lines[seen]!;
      for (const text of textsOf(line)) tell(`${clockTime(line.at - startedAt)}  ${text}`);
    }
  };
};

/** Tells of each notable happening until the signal says that it is enough; then closes the cloud, and tells that too. */
export const tellUntil = async (
  cloud: WholeCloud,
  fleets: readonly FleetSpecification[],
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<void> => {
  const tellNew = teller(cloud, fleets, tell);
  try {
    while (!signal.aborted) {
      tellNew();
      await wallClock().sleep(LOOK_MS, signal);
    }
  } finally {
    await cloud.close();
  }
  tellNew();
  tell('Ended, with every machine.');
};
