import { afterEach, describe, expect, it } from 'vitest';
import { awaitIdentity } from '../../lib/agent/identity.ts';
import { createImds, ImdsUnavailable } from '../../lib/agent/imds.ts';
import type { MachineWarning } from '../../lib/agent/notices.ts';
import { watchMachine } from '../../lib/agent/watch.ts';
import { wallTimeout } from '../../lib/clock/wall-timeout.ts';
import { manualClock } from '../support/manual-clock.ts';
import { atSecond, START } from '../support/records.ts';
import {
  answer,
  brokenOff,
  chunked,
  dribbled,
  type Exchange,
  errorPage,
  gzipped,
  hung,
  type Reply,
  replay,
  tokenAnswer,
} from './support/replayed-exchanges.ts';

const TOKEN = 'AQAEALcMgBsJeg==';
const NEWER_TOKEN = 'AQAEALcMgBsJfh==';
const PUT = 'PUT /latest/api/token';
const get = (path: string, token = TOKEN): string => `GET /latest/meta-data/${path} ${token}`;

const ACTION = 'spot/instance-action';
const REBALANCE = 'events/recommendations/rebalance';
const SCHEDULED = 'events/maintenance/scheduled';
const TARGET_STATE = 'autoscaling/target-lifecycle-state';
const NOTICE = '{"action":"terminate","time":"2026-01-01T00:02:00Z"}';
const NOT_FOUND = errorPage('404 Not Found');

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

const PATIENT_MS = 2_000;
const IMPATIENT_MS = 150;

const replaying = async (exchanges: readonly Exchange[], timeoutMs = PATIENT_MS) => {
  const { endpoint, requests, close } = await replay(exchanges);
  closings.push(close);
  const clock = manualClock(START);
  const lines: string[] = [];
  const write = (message: string): void => void lines.push(message);
  const log = { debug: write, info: write, warn: write, error: write };
  const imds = createImds({ endpoint, clock, log, timeout: () => wallTimeout(timeoutMs) });
  return { imds, clock, log, lines, requests };
};

/** The recorded session of a spot machine: nothing is planned at first. */
const QUIET: readonly Exchange[] = [
  { request: PUT, reply: tokenAnswer(TOKEN) },
  { request: get(REBALANCE), reply: NOT_FOUND },
  { request: get(SCHEDULED), reply: answer('200 OK', '[]') },
  { request: get(TARGET_STATE), reply: NOT_FOUND },
];

/** Watches the replayed service until something has been told, moving on a few seconds whenever nothing has. */
const watchReplay = async (exchanges: readonly Exchange[], timeoutMs = PATIENT_MS) => {
  const { imds, clock, log, lines, requests } = await replaying(exchanges, timeoutMs);
  const stop = new AbortController();
  const told: MachineWarning[] = [];
  const watching = (async () => {
    for await (const warning of watchMachine({ imds, clock, log, isSpot: true, signal: stop.signal })) {
      told.push(warning);
    }
  })();
  const moveOn = async (): Promise<number> => {
    await clock.advance(5_000);
    return told.length;
  };
  await expect.poll(moveOn, { timeout: 5_000, interval: 5 }).toBe(1);
  stop.abort();
  await watching;
  return { told, lines, requests };
};

describe('the exchanges of a real metadata service, replayed', () => {
  it('tell who the machine is', async () => {
    const { imds, clock, log, requests } = await replaying([
      { request: PUT, reply: tokenAnswer(TOKEN) },
      { request: get('instance-id'), reply: answer('200 OK', 'i-0123456789abcdef0') },
      { request: get('instance-life-cycle'), reply: answer('200 OK', 'spot') },
      { request: get('placement/availability-zone'), reply: answer('200 OK', 'eu-west-1a') },
      { request: get('placement/region'), reply: answer('200 OK', 'eu-west-1') },
    ]);
    const stop = new AbortController();
    expect(await awaitIdentity({ imds, clock, log }, stop.signal)).toEqual({
      instanceId: 'i-0123456789abcdef0',
      isSpot: true,
      zone: 'eu-west-1a',
      region: 'eu-west-1',
    });
    expect(requests[0]).toBe(PUT);
    expect(requests.filter((request) => request === PUT)).toHaveLength(1);
  });

  it('nothing planned, then a notice', async () => {
    const { told, lines } = await watchReplay([
      ...QUIET,
      { request: get(ACTION), reply: NOT_FOUND },
      { request: get(ACTION), reply: NOT_FOUND },
      { request: get(ACTION), reply: answer('200 OK', NOTICE) },
    ]);
    expect(told).toMatchObject([{ kind: 'spot-interruption', deadline: atSecond(120), action: 'terminate' }]);
    expect(lines).toEqual([]);
  });

  it('a token that has died is replaced, and the notice behind it is told (F61)', async () => {
    const { told, requests } = await watchReplay([
      { request: PUT, reply: tokenAnswer(TOKEN) },
      { request: PUT, reply: tokenAnswer(NEWER_TOKEN) },
      ...QUIET.slice(1),
      ...QUIET.slice(1).map(({ request, reply }) => ({ request: request.replace(TOKEN, NEWER_TOKEN), reply })),
      { request: get(ACTION), reply: errorPage('401 Unauthorized') },
      { request: get(ACTION, NEWER_TOKEN), reply: answer('200 OK', NOTICE) },
    ]);
    expect(told).toHaveLength(1);
    expect(requests.filter((request) => request === PUT)).toHaveLength(2);
  });

  it('several readers at once ask for one token', async () => {
    const { imds, requests } = await replaying([...QUIET, { request: get(ACTION), reply: NOT_FOUND }]);
    await Promise.all([ACTION, REBALANCE, TARGET_STATE].map((path) => imds.read(path)));
    expect(requests.filter((request) => request === PUT)).toHaveLength(1);
  });

  it('readers whose token died together ask for one new token', async () => {
    const paths = [ACTION, REBALANCE, TARGET_STATE];
    const { imds, requests } = await replaying([
      { request: PUT, reply: tokenAnswer(TOKEN) },
      { request: PUT, reply: tokenAnswer(NEWER_TOKEN) },
      ...paths.map((path) => ({ request: get(path), reply: errorPage('401 Unauthorized') })),
      ...paths.map((path) => ({ request: get(path, NEWER_TOKEN), reply: answer('200 OK', path) })),
    ]);
    expect(await Promise.all(paths.map((path) => imds.read(path)))).toEqual(paths);
    expect(requests.filter((request) => request === PUT)).toHaveLength(2);
  });

  const failures: readonly (readonly [string, Reply])[] = [
    ['an error page', errorPage('500 Internal Server Error')],
    ['a busy service', errorPage('503 Service Unavailable')],
    ['an answer that never comes', hung],
    ['an answer that never ends', dribbled(answer('200 OK', NOTICE))],
    ['an answer that breaks off in its head', brokenOff('HTTP/1.1 200 OK\r\nContent-Le')],
    ['an answer that breaks off in its body', brokenOff(answer('200 OK', NOTICE).slice(0, -10))],
    ['a redirection', answer('302 Found', '', ['Location: http://example.invalid/'])],
    ['something that is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\nConnection: close\r\n\r\n'],
    ['a chunk that breaks off', brokenOff('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"action"')],
    ['packed bytes that cannot be unpacked', answer('200 OK', NOTICE, ['Content-Encoding: gzip'])],
  ];

  it.each(failures)('%s is an error, not silence (F60)', async (_name, reply) => {
    const { imds } = await replaying([...QUIET, { request: get(ACTION), reply }], IMPATIENT_MS);
    await expect(imds.read(ACTION)).rejects.toThrow(ImdsUnavailable);
  });

  it.each(failures)('%s, and the notice after it is told (A14)', async (_name, reply) => {
    const { told } = await watchReplay(
      [...QUIET, { request: get(ACTION), reply }, { request: get(ACTION), reply: answer('200 OK', NOTICE) }],
      IMPATIENT_MS,
    );
    expect(told).toHaveLength(1);
  });

  it.each(failures)('%s instead of a token, and the notice after it is told', async (_name, reply) => {
    const { told } = await watchReplay(
      [{ request: PUT, reply }, ...QUIET, { request: get(ACTION), reply: answer('200 OK', NOTICE) }],
      IMPATIENT_MS,
    );
    expect(told).toHaveLength(1);
  });

  it.each([
    ['in chunks', chunked('{"action":"term', 'inate","time":"2026-01-01', 'T00:02:00Z"}')],
    ['packed', gzipped(NOTICE)],
    ['as a page', answer('200 OK', NOTICE).replace('text/plain', 'text/html')],
    ['without its length', `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${NOTICE}`],
    ['on a connection that stays open', answer('200 OK', NOTICE).replace('Connection: close\r\n', '')],
    ['with white space around it', answer('200 OK', `\n ${NOTICE}\n`)],
  ])('a notice that comes %s is a notice', async (_name, reply) => {
    const { told } = await watchReplay([...QUIET, { request: get(ACTION), reply }]);
    expect(told).toMatchObject([{ kind: 'spot-interruption', deadline: atSecond(120) }]);
  });

  it('a page instead of a notice is not one, and the notice after it is (F63)', async () => {
    const { told, lines } = await watchReplay([
      ...QUIET,
      { request: get(ACTION), reply: errorPage('404 Not Found').replace('404 Not Found', '200 OK') },
      { request: get('spot/termination-time'), reply: NOT_FOUND },
      { request: get(ACTION), reply: answer('200 OK', NOTICE) },
    ]);
    expect(told).toHaveLength(1);
    expect(lines).toEqual(['the metadata service tells something that is not understood']);
  });
});
