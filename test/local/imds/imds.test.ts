import { fromInstanceMetadata } from '@smithy/credential-provider-imds';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createImds } from '../../../lib/agent/imds.ts';
import { parseInstanceAction, parseMaintenance, parseTerminationTime } from '../../../lib/agent/notices.ts';
import { wallTimeout } from '../../../lib/clock/wall-timeout.ts';
import { epochMs } from '../../../lib/fleet/time.ts';
import type { MetadataView } from '../../../lib/local/imds/metadata.ts';
import { type MetadataService, startMetadataService } from '../../../lib/local/imds/server.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';

const START = Date.UTC(2026, 0, 5);
/** The SDK looks at the machine's own clock, so these credentials must not look expired to it. */
const FAR_AHEAD = Date.UTC(2100, 0, 1);

const VIEW: MetadataView = {
  instanceId: 'i-0123456789abcdef0',
  instanceType: 'c5.large',
  imageId: 'ami-0123456789abcdef0',
  zone: 'us-east-1a',
  zoneId: 'use1-az1',
  lifeCycle: 'spot',
  privateIp: '10.0.0.10',
  launchedAt: epochMs(START),
  role: {
    roleName: 'MachineRole',
    credentials: { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' },
  },
};

let clock: ManualClock;
let view: MetadataView;
let service: MetadataService;

const open = async (startMs: number): Promise<void> => {
  clock = manualClock(startMs);
  view = VIEW;
  service = await startMetadataService(() => view, clock);
};

beforeEach(() => open(START));
afterEach(() => service.close());

const askToken = (headers: Record<string, string>) =>
  fetch(`${service.endpoint}/latest/api/token`, { method: 'PUT', headers });

const newToken = async (ttlSeconds = 21_600): Promise<string> =>
  (await askToken({ 'x-aws-ec2-metadata-token-ttl-seconds': String(ttlSeconds) })).text();

const read = async (path: string, token: string) => {
  const answer = await fetch(`${service.endpoint}/latest/${path}`, { headers: { 'x-aws-ec2-metadata-token': token } });
  return { status: answer.status, text: await answer.text() };
};

describe('tokens', () => {
  test.each(['1', '21600'])('are given for %s seconds', async (ttl) => {
    const answer = await askToken({ 'x-aws-ec2-metadata-token-ttl-seconds': ttl });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-aws-ec2-metadata-token-ttl-seconds')).toBe(ttl);
  });

  test.each(['0', '21601', '-5', '1.5', 'soon', ''])('are refused for %j seconds', async (ttl) => {
    expect((await askToken({ 'x-aws-ec2-metadata-token-ttl-seconds': ttl })).status).toBe(400);
  });

  test('are refused without a time to live, and to a proxy', async () => {
    expect((await askToken({})).status).toBe(400);
    const proxied = { 'x-aws-ec2-metadata-token-ttl-seconds': '60', 'x-forwarded-for': '10.0.0.1' };
    expect((await askToken(proxied)).status).toBe(403);
  });

  test('are needed, must be ours, and end with their time', async () => {
    expect((await fetch(`${service.endpoint}/latest/meta-data/instance-id`)).status).toBe(401);
    expect((await read('meta-data/instance-id', 'made-up')).status).toBe(401);
    const token = await newToken(60);
    await clock.advance(59_999);
    expect(await read('meta-data/instance-id', token)).toEqual({ status: 200, text: 'i-0123456789abcdef0' });
    await clock.advance(1);
    expect((await read('meta-data/instance-id', token)).status).toBe(401);
  });
});

describe('metadata', () => {
  test.each([
    ['meta-data/instance-life-cycle', 'spot'],
    ['meta-data/instance-type', 'c5.large'],
    ['meta-data/placement/availability-zone', 'us-east-1a'],
    ['meta-data/placement/region', 'us-east-1'],
    ['meta-data/iam/security-credentials/', 'MachineRole'],
    ['meta-data/events/maintenance/scheduled', '[]'],
  ])('%s is %s', async (path, text) => {
    expect(await read(path, await newToken())).toEqual({ status: 200, text });
  });

  test('has no notice and no recommendation until there is one', async () => {
    const token = await newToken();
    expect((await read('meta-data/spot/instance-action', token)).status).toBe(404);
    expect((await read('meta-data/events/recommendations/rebalance', token)).status).toBe(404);
    view = { ...VIEW, deadlineAt: epochMs(START + 120_000), rebalanceAt: epochMs(START) };
    expect(await read('meta-data/spot/instance-action', token)).toEqual({
      status: 200,
      text: '{"action":"terminate","time":"2026-01-05T00:02:00Z"}',
    });
    expect(await read('meta-data/events/recommendations/rebalance', token)).toEqual({
      status: 200,
      text: '{"noticeTime":"2026-01-05T00:00:00Z"}',
    });
  });

  test('lists what is planned, and what is over, as AWS does', async () => {
    const token = await newToken();
    const plan = {
      code: 'system-reboot',
      notBefore: epochMs(1_548_061_243_000),
      notAfter: epochMs(1_548_062_243_000),
    } as const;
    view = {
      ...VIEW,
      maintenance: [
        { ...plan, eventId: 'instance-event-0d59937288b749b32', state: 'active' },
        { ...plan, eventId: 'instance-event-0d59937288b749b33', state: 'canceled' },
      ],
    };
    const dates = {
      NotBefore: '21 Jan 2019 09:00:43 GMT',
      NotAfter: '21 Jan 2019 09:17:23 GMT',
      Code: 'system-reboot',
    };
    expect(JSON.parse((await read('meta-data/events/maintenance/scheduled', token)).text)).toEqual([
      { ...dates, Description: 'scheduled reboot', EventId: 'instance-event-0d59937288b749b32', State: 'active' },
    ]);
    expect(JSON.parse((await read('meta-data/events/maintenance/history', token)).text)).toEqual([
      {
        ...dates,
        Description: '[Canceled] scheduled reboot',
        EventId: 'instance-event-0d59937288b749b33',
        State: 'canceled',
      },
    ]);
  });

  test('tells what its group wants of a machine that has one', async () => {
    const token = await newToken();
    expect((await read('meta-data/autoscaling/target-lifecycle-state', token)).status).toBe(404);
    view = { ...VIEW, targetLifecycleState: 'Terminated' };
    expect((await read('meta-data/autoscaling/target-lifecycle-state', token)).text).toBe('Terminated');
  });

  test('identifies the machine', async () => {
    const { text } = await read('dynamic/instance-identity/document', await newToken());
    expect(JSON.parse(text)).toMatchObject({
      instanceId: 'i-0123456789abcdef0',
      accountId: '000000000000',
      region: 'us-east-1',
      availabilityZone: 'us-east-1a',
      pendingTime: '2026-01-05T00:00:00Z',
    });
  });

  test.each(['meta-data/nothing', 'meta-data/iam/security-credentials/OtherRole', 'constructor', ''])(
    'has nothing under %j',
    async (path) => {
      expect((await read(path, await newToken())).status).toBe(404);
    },
  );

  test('of a machine without a role has no credentials', async () => {
    const { role: _, ...withoutRole } = VIEW;
    view = withoutRole;
    expect((await read('meta-data/iam/security-credentials/', await newToken())).status).toBe(404);
  });
});

describe('what it says is what the agent reads', () => {
  const agentReads = async (path: string): Promise<string> => {
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
    const imds = createImds({ endpoint: service.endpoint, clock, log, timeout: () => wallTimeout(5_000) });
    return (await imds.read(path)) ?? '';
  };

  test('of a notice and its older form', async () => {
    view = { ...VIEW, deadlineAt: epochMs(START + 120_000) };
    const now = clock.now();
    const notice = { kind: 'spot-interruption', at: now, deadline: START + 120_000, action: 'terminate' };
    expect(parseInstanceAction(await agentReads('spot/instance-action'), now)).toEqual(notice);
    expect(parseTerminationTime(await agentReads('spot/termination-time'), now)).toEqual(notice);
  });

  test('of maintenance', async () => {
    const plan = { eventId: 'instance-event-1', code: 'instance-stop', notBefore: epochMs(START + 7_200_000) } as const;
    view = { ...VIEW, maintenance: [{ ...plan, notAfter: epochMs(START + 9_000_000), state: 'active' }] };
    expect(parseMaintenance(await agentReads('events/maintenance/scheduled'))).toEqual({
      events: [{ eventId: 'instance-event-1', isOver: false, notBefore: START + 7_200_000 }],
      unreadable: 0,
    });
    expect(parseMaintenance(await agentReads('events/maintenance/history'))).toEqual({ events: [], unreadable: 0 });
  });
});

test('the SDK finds its credentials by itself', async () => {
  await service.close();
  await open(FAR_AHEAD);
  process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = service.endpoint;
  try {
    expect(await fromInstanceMetadata()()).toMatchObject({
      accessKeyId: 'ASIAEXAMPLE',
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiration: new Date(FAR_AHEAD + 6 * 3_600_000),
    });
  } finally {
    delete process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'];
  }
});
