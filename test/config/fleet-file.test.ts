import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { formatProblems } from '../../lib/config/problem.ts';
import { SMALL_FILE, smallFileAnd, smallFileWith } from './fleet-text.ts';

const answerTo = (text: string): string => {
  const result = readFleetFile(text);
  return formatProblems('spothop.yml', result.ok ? result.warnings : result.problems);
};

const fleetIn = (text: string) => {
  const result = readFleetFile(text);
  if (!result.ok) throw new Error(formatProblems('spothop.yml', result.problems));
  return result.fleets[0]!;
};

const GIVEN_QUEUE = [
  'queue:',
  '  url: https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
  '  arn: arn:aws:sqs:us-east-1:123456789012:jobs',
];

/** One fault, and all that the user is then told. */
const FAULTS: readonly (readonly [rule: string, text: string, answer: string])[] = [
  [
    'a key that nobody knows is refused with the one that was meant',
    smallFileWith('    mode: manage', '    mode: manage\n    instance_types: []'),
    'spothop.yml:5:5  fleets.jobs.instance_types: is not a known key; fix: did you mean instanceTypes?',
  ],
  [
    'a key that resembles none is refused with all there are',
    smallFileWith('max: 20', 'max: 20, colour: red'),
    'spothop.yml:10:34  fleets.jobs.capacity.colour: is not a known key; fix: remove it; the keys here are min, max, targetBacklog',
  ],
  [
    'a required key that is missing stands where its neighbours are',
    smallFileWith('max: 20', 'targetBacklog: 5'),
    'spothop.yml:10:5  fleets.jobs.capacity.max: is missing; it must be a whole number of machines from 0 to 10000; fix: write a number from 0 to 10000',
  ],
  [
    'another version is refused',
    smallFileWith('version: 1', 'version: 2'),
    'spothop.yml:1:1  version: must be 1, the only form that this version of Spothop reads, not 2; fix: write version: 1',
  ],
  [
    'a file without a fleet is refused',
    'version: 1\nfleets: {}\n',
    'spothop.yml:2:1  fleets: must be a set of at least one fleet, not an empty set of keys; fix: write the name of a fleet below it, and its keys below that',
  ],
  [
    'an empty file is refused',
    '# nothing yet\n',
    'spothop.yml:1:1  must be a set of keys (version, fleets), not nothing; fix: begin with version: 1 and fleets:',
  ],
  [
    'a name that AWS could not carry is refused',
    smallFileWith('  jobs:', '  Jobs_1:'),
    'spothop.yml:3:3  fleets.Jobs_1: is not a fleet\'s name: "Jobs_1"; fix: write 1 to 31 lower-case letters, digits and hyphens, a letter first',
  ],
  [
    'two fleets of one name are one too many',
    `${SMALL_FILE}  jobs: {}\n`,
    'spothop.yml:12:3  fleets.jobs: is written twice; fix: keep one of the two',
  ],
  [
    'a mode that there is not is refused',
    smallFileWith('mode: manage', 'mode: watch'),
    'spothop.yml:4:5  fleets.jobs.mode: must be one of observe, attach, manage, not "watch"; fix: write observe, attach or manage',
  ],
  [
    'fewer than none is refused',
    smallFileWith('min: 0', 'min: -1'),
    'spothop.yml:10:17  fleets.jobs.capacity.min: must be a whole number of machines from 0 to 10000, not -1; fix: write a number from 0 to 10000',
  ],
  [
    'the minimum stays within the maximum',
    smallFileWith('min: 0', 'min: 30'),
    'spothop.yml:10:17  fleets.jobs.capacity.min: is 30, above capacity.max, which is 20; fix: write at most 20, or raise max to 30',
  ],
  [
    'the on-demand base stays within its own maximum',
    smallFileAnd('onDemand: { base: 6, max: 5 }'),
    'spothop.yml:12:17  fleets.jobs.onDemand.base: is 6, above onDemand.max, which is 5; fix: write at most 5, or raise onDemand.max',
  ],
  [
    'on-demand machines stay within all machines',
    smallFileAnd('onDemand: { max: 21 }'),
    'spothop.yml:12:17  fleets.jobs.onDemand.max: is 21, above capacity.max, which is 20; fix: write at most 20',
  ],
  [
    'a fallback that may launch nothing is refused',
    smallFileAnd('onDemand: { max: 0 }'),
    'spothop.yml:12:17  fleets.jobs.onDemand.max: is 0 although onDemand.fallback is true; fix: write at least 1, or fallback: false',
  ],
  [
    'how long spot is waited for is said once',
    smallFileAnd('windowHours: 24', 'onDemand: { afterSeconds: 600 }'),
    'spothop.yml:13:17  fleets.jobs.onDemand.afterSeconds: stands beside windowHours, which decides how long spot is waited for; fix: remove one of them',
  ],
  [
    'one zone is refused',
    smallFileWith('[us-east-1a, us-east-1b]', '[us-east-1a]').replace(', subnet-0b2c3d4e5f6071829', ''),
    'spothop.yml:6:5  fleets.jobs.zones: names 1; when that zone has no spot, nothing replaces a machine that is taken; fix: name at least 2, or write allowSingleZone: true',
  ],
  [
    'a zone is listed once',
    smallFileWith('us-east-1b]', 'us-east-1a]'),
    'spothop.yml:6:25  fleets.jobs.zones[1]: us-east-1a is listed twice; fix: remove one of the two',
  ],
  [
    'an instance type is listed once',
    smallFileWith('c6g.large', 'm7g.large'),
    'spothop.yml:5:43  fleets.jobs.instanceTypes[2]: m7g.large is listed twice; fix: remove one of the two',
  ],
  [
    'a fleet lives in one Region',
    smallFileWith('us-east-1b]', 'eu-west-1b]'),
    'spothop.yml:6:25  fleets.jobs.zones[1]: is not in us-east-1, where the zones before it are; fix: make a fleet for each Region',
  ],
  [
    'every zone has its subnet in a list',
    smallFileWith(', subnet-0b2c3d4e5f6071829', ''),
    'spothop.yml:8:7  fleets.jobs.network.subnets: lists 1 for 2 zones; fix: list one subnet for each zone, in the same order',
  ],
  [
    'every zone has its subnet in a map',
    smallFileWith(
      '[subnet-0a1b2c3d4e5f60718, subnet-0b2c3d4e5f6071829]',
      '{ us-east-1a: subnet-0a1b2c3d4e5f60718, us-east-1c: subnet-0b2c3d4e5f6071829 }',
    ),
    'spothop.yml:8:7  fleets.jobs.network.subnets: has none for us-east-1b; fix: write us-east-1b: and the id of its subnet\n' +
      'spothop.yml:8:56  fleets.jobs.network.subnets.us-east-1c: is not one of the zones; fix: add it to zones, or remove it here',
  ],
  [
    'a security group is named by its id',
    smallFileWith('[sg-0c3d4e5f60718293a]', '[default]'),
    'spothop.yml:9:24  fleets.jobs.network.securityGroups[0]: must be the id of a security group, not "default"; fix: write one like sg-0123456789abcdef0',
  ],
  [
    'a fleet that launches machines knows where',
    SMALL_FILE.replace(/ {4}network:\n.*\n.*\n/, ''),
    'spothop.yml:3:3  fleets.jobs.network: is missing; machines are launched into it; fix: write network: with subnets and securityGroups',
  ],
  [
    'types are of one architecture',
    smallFileWith('m7g.large', 'm7i.large'),
    'spothop.yml:5:43  fleets.jobs.instanceTypes[2]: m7i.large is x86_64, not arm64 as the types before it are; fix: name types of one architecture',
  ],
  [
    'the image is of the architecture of the types',
    smallFileAnd('image: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64'),
    'spothop.yml:12:5  fleets.jobs.image: is for x86_64; the machines are arm64; fix: name the image that ends in -arm64',
  ],
  [
    'the margin leaves room for a second delivery of the warning',
    smallFileAnd('drain:', '  marginSeconds: 55'),
    'spothop.yml:13:7  fleets.jobs.drain.marginSeconds: must be a whole number of seconds from 5 to 54, not 55; fix: write a number from 5 to 54',
  ],
  [
    'a queue that the user has is named by URL and ARN',
    smallFileAnd('queue: { url: "https://sqs.us-east-1.amazonaws.com/123456789012/jobs" }'),
    'spothop.yml:12:5  fleets.jobs.queue.arn: is missing beside url; a queue that you have is named by both; fix: write its arn, or leave out both to have a queue made',
  ],
  [
    'URL and ARN are of one queue',
    smallFileAnd(
      'queue:',
      '  url: https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
      '  arn: arn:aws:sqs:us-east-1:123456789012:other',
    ),
    'spothop.yml:14:7  fleets.jobs.queue.arn: names another account or queue than url does; fix: copy both from the same queue',
  ],
  [
    'a FIFO queue is refused',
    smallFileAnd(
      'queue:',
      '  url: https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
      '  arn: arn:aws:sqs:us-east-1:123456789012:jobs.fifo',
    ),
    'spothop.yml:14:7  fleets.jobs.queue.arn: must be the ARN of a standard SQS queue (FIFO queues are not read), not "arn:aws:sqs:us-east-1:123456789012:jobs.fifo"; fix: write one like arn:aws:sqs:us-east-1:123456789012:jobs',
  ],
  [
    'a task has one id',
    smallFileAnd('queue: { taskIdPath: job.id, taskIdAttribute: JobId }'),
    'spothop.yml:12:34  fleets.jobs.queue.taskIdAttribute: stands beside taskIdPath; a task has one id; fix: keep one of the two',
  ],
  [
    'a fleet runs a program',
    smallFileWith('worker: { command: python3 worker.py }', 'worker: {}'),
    'spothop.yml:11:5  fleets.jobs.worker: has neither command nor task nor supervise; fix: write command: python3 worker.py, or task: ./task.ts, or supervise: prefect worker start',
  ],
  [
    'a fleet runs one program',
    smallFileWith('worker.py }', 'worker.py, task: ./task.ts }'),
    'spothop.yml:11:43  fleets.jobs.worker.task: stands beside command; a fleet runs one program; fix: keep one',
  ],
  [
    'a fleet runs one program, of three as of two',
    smallFileWith('worker.py }', 'worker.py, supervise: celery worker, task: ./task.ts }'),
    [
      'spothop.yml:10:17  fleets.jobs.capacity.min: is 0, and nothing tells how much work waits for a supervised program, so that none is ever launched; fix: write at least 1, or name the queue it works on by queue.url and arn',
      'spothop.yml:11:43  fleets.jobs.worker.supervise: stands beside command; a fleet runs one program; fix: keep one',
      'spothop.yml:11:69  fleets.jobs.worker.task: stands beside command; a fleet runs one program; fix: keep one',
    ].join('\n'),
  ],
  [
    'a supervised program needs a number of machines, for nothing tells how much waits for it',
    smallFileWith('command: python3 worker.py', 'supervise: prefect worker start'),
    'spothop.yml:10:17  fleets.jobs.capacity.min: is 0, and nothing tells how much work waits for a supervised program, so that none is ever launched; fix: write at least 1, or name the queue it works on by queue.url and arn',
  ],
  [
    'a supervised program decides itself how much it does at once',
    smallFileWith('{ command: python3 worker.py }', '{ supervise: celery worker, concurrency: 4 }').replace(
      'min: 0',
      'min: 1',
    ),
    'spothop.yml:11:41  fleets.jobs.worker.concurrency: stands beside supervise; that program decides itself how much it does at once; fix: remove it, and tell the program in its own command line',
  ],
  [
    'a machine runs 1 to 100 tasks at once',
    smallFileWith('worker.py }', 'worker.py, concurrency: 101 }'),
    'spothop.yml:11:43  fleets.jobs.worker.concurrency: must be a whole number of tasks at once from 1 to 100, not 101; fix: write a number from 1 to 100',
  ],
  [
    'an upgrade is rolling or waits for a replacement',
    smallFileAnd('upgrade: now'),
    'spothop.yml:12:5  fleets.jobs.upgrade: must be one of on-replacement, rolling, not "now"; fix: write on-replacement or rolling',
  ],
  [
    'a task module stays inside the project',
    smallFileWith('command: python3 worker.py', 'task: ../../etc/task.ts'),
    'spothop.yml:11:15  fleets.jobs.worker.task: must be the path of a TypeScript or JavaScript file inside the project, not "../../etc/task.ts"; fix: write one like ./examples/index-sources/task.ts',
  ],
  [
    'a mail needs a sender',
    smallFileAnd('report: { recipients: [ops@example.com] }'),
    'spothop.yml:12:5  fleets.jobs.report.from: is missing; a mail needs a sender; fix: write an address that is verified in SES',
  ],
  [
    'a recipient is an address',
    smallFileAnd('report: { recipients: [ops], from: a@example.com }'),
    'spothop.yml:12:28  fleets.jobs.report.recipients[0]: must be an e-mail address without a display name, not "ops"; fix: write one like ops@example.com',
  ],
  [
    'a schedule is one that EventBridge Scheduler takes',
    smallFileAnd('report: { schedule: "cron(0 8 * * MON *)" }'),
    'spothop.yml:12:15  fleets.jobs.report.schedule: needs a ? in exactly one of day of month and day of week; fix: write one like cron(0 8 ? * MON *), every Monday at 08:00',
  ],
  [
    'a time zone has a name that is known',
    smallFileAnd('report: { timeZone: Europe/Berln }'),
    'spothop.yml:12:15  fleets.jobs.report.timeZone: is not the name of a time zone: "Europe/Berln"; fix: did you mean Europe/Berlin?',
  ],
  [
    'another currency needs its rate',
    smallFileAnd('report: { currency: AUD }'),
    'spothop.yml:12:15  fleets.jobs.report.currency: is AUD without a rate; AWS prices are in US dollars; fix: write currency: { code: AUD, perUsd: and how many AUD one US dollar is }, or USD',
  ],
  [
    'a currency is one that exists',
    smallFileAnd('report: { currency: { code: QQQ, perUsd: 2 } }'),
    'spothop.yml:12:27  fleets.jobs.report.currency.code: must be a currency code of ISO 4217, not "QQQ"; fix: write USD, or a code and your rate like { code: EUR, perUsd: 0.92 }',
  ],
  [
    "the service's own tags are reserved",
    smallFileAnd('tags: { Spothop:fleet: mine }'),
    'spothop.yml:12:13  fleets.jobs.tags.Spothop:fleet: begins with a reserved prefix (aws:, spothop:); fix: choose another name',
  ],
  [
    'a tag is text',
    smallFileAnd('tags: { cost: 42 }'),
    'spothop.yml:12:13  fleets.jobs.tags.cost: must be text of at most 256 letters, digits, blanks and _ . : / = + @ -, not 42; fix: shorten it, or put a number in quotes',
  ],
  [
    'pools fit one request',
    smallFileWith(
      '[c7g.large, c6g.large, m7g.large]',
      `[${Array.from({ length: 100 }, (_, i) => `c7g.size${i}`).join(', ')}]`,
    )
      .replace('[us-east-1a, us-east-1b]', '[us-east-1a, us-east-1b, us-east-1c, us-east-1d]')
      .replace('6071829]', '6071829, subnet-0123456789abcdef0, subnet-0123456789abcdef1]'),
    'spothop.yml:5:5  fleets.jobs.instanceTypes: makes 400 pools with 4 zones; EC2 takes at most 300 in one request; fix: name fewer types',
  ],
  [
    'all fleets are in one Region',
    `${SMALL_FILE}  other:
    mode: observe
    instanceTypes: [c7g.large, c6g.large, m7g.large]
    zones: [eu-west-1a, eu-west-1b]
    capacity: { max: 1 }
    worker: { command: run }
`,
    'spothop.yml:15:5  fleets.other.zones: is in eu-west-1; the fleets before it are in us-east-1; fix: deploy each Region from a fleet file of its own',
  ],
  [
    'a queue has one fleet',
    `${smallFileAnd(...GIVEN_QUEUE)}${smallFileAnd(...GIVEN_QUEUE)
      .replace(/^.*\n.*\n/, '')
      .replace('jobs:', 'more:')}`,
    'spothop.yml:26:7  fleets.more.queue.arn: is the queue of fleet "jobs" too; fix: give each fleet its own queue',
  ],
  [
    'a tab does not indent',
    'version: 1\nfleets:\n  jobs:\n\t  mode: manage\n',
    'spothop.yml:4:1  is not YAML here: Tabs are not allowed as indentation; fix: indent with spaces',
  ],
  [
    'an alias refers to something above it',
    smallFileWith('mode: manage', 'mode: *later'),
    'spothop.yml:4:5  fleets.jobs.mode: refers to "later", which nothing above it is called; fix: put &later on a value above',
  ],
];

const WINDOW_FAULTS: readonly (readonly [rule: string, text: string, answer: string])[] = [
  [
    'a window is a number of hours, up to the fourteen days that SQS keeps a message',
    smallFileAnd('windowHours: 400'),
    'spothop.yml:12:5  fleets.jobs.windowHours: must be a whole number of hours from 1 to 336, not 400; fix: write a number from 1 to 336',
  ],
  [
    'a realtime fleet has no window, because it does not wait',
    smallFileAnd('tier: realtime', 'onDemand: { base: 1 }', 'windowHours: 24'),
    'spothop.yml:14:5  fleets.jobs.windowHours: stands in a realtime fleet, which never waits for spot; fix: write tier: bulk, or remove it',
  ],
  [
    'a supervised program’s tasks have no window here',
    smallFileWith('command: python3 worker.py }', 'supervise: prefect worker start }\n    windowHours: 24').replace(
      'min: 0',
      'min: 1',
    ),
    'spothop.yml:12:5  fleets.jobs.windowHours: stands in a fleet that supervises a program: its tasks are not known here; fix: remove it, or run tasks with command or task',
  ],
];

const WINDOW_WARNINGS: readonly (readonly [rule: string, text: string, answer: string])[] = [
  [
    'a window with nothing to stand in for spot is warned about',
    smallFileAnd('windowHours: 24', 'onDemand: { fallback: false }'),
    'spothop.yml:12:5  fleets.jobs.windowHours: stands beside onDemand.fallback: false; nothing stands in for spot when time runs short; fix: write fallback: true, or remove the window',
  ],
  [
    'a window for messages that others send is warned about',
    smallFileAnd('windowHours: 24', 'queue: { taskIdPath: job.id }'),
    'spothop.yml:12:5  fleets.jobs.windowHours: counts from the first taking for messages that were not submitted with spothop; fix: submit tasks with spothop submit or its library, or leave room for their waiting',
  ],
];

const WARNINGS: readonly (readonly [rule: string, text: string, answer: string])[] = [
  [
    'fewer than three types are warned about',
    smallFileWith('c7g.large, c6g.large, ', ''),
    'spothop.yml:5:5  fleets.jobs.instanceTypes: names 1; the fewer there are, the more machines are taken at once; fix: name at least 3 of about the same size',
  ],
  [
    'spot that may cost more than on demand is warned about',
    smallFileAnd('spot: { maxPercentOfOnDemand: 120 }'),
    'spothop.yml:12:13  fleets.jobs.spot.maxPercentOfOnDemand: is 120: spot machines may then cost more than on demand; fix: write at most 100',
  ],
  [
    'a realtime fleet without a base is warned about',
    smallFileAnd('tier: realtime'),
    'spothop.yml:3:3  fleets.jobs.onDemand.base: is 0 in a realtime fleet, which then has no machine that stays when every spot machine is taken; fix: write at least 1',
  ],
  [
    'a base that leaves nothing to the fallback is warned about',
    smallFileAnd('onDemand: { base: 5, max: 5 }'),
    'spothop.yml:12:26  fleets.jobs.onDemand.max: is 5, all of it taken by the base, so that fallback adds nothing; fix: write more than 5',
  ],
  [
    'waiting for what never stands in is warned about',
    smallFileAnd('onDemand: { fallback: false, afterSeconds: 600 }'),
    'spothop.yml:12:34  fleets.jobs.onDemand.afterSeconds: stands beside fallback: false, so that on demand never stands in; fix: remove one of them',
  ],
  [
    'a visibility that breaks the promise of 140 s is warned about',
    smallFileAnd('queue: { visibilitySeconds: 300 }'),
    'spothop.yml:12:14  fleets.jobs.queue.visibilitySeconds: lets a task wait up to 380 s for its next taking instead of 140 s; fix: write at most 60; it is renewed while a task runs',
  ],
];

describe('a fleet file with a fault', () => {
  it.each([...FAULTS, ...WINDOW_FAULTS])('%s', (_rule, text, answer) => {
    expect(answerTo(text)).toBe(answer);
    expect(readFleetFile(text).ok).toBe(false);
  });
});

describe('a fleet file that is better not so', () => {
  it.each([...WARNINGS, ...WINDOW_WARNINGS])('%s', (_rule, text, answer) => {
    expect(answerTo(text)).toBe(answer);
    expect(readFleetFile(text).ok).toBe(true);
  });
});

describe('a valid fleet file', () => {
  it('gets every default', () => {
    expect(fleetIn(SMALL_FILE)).toEqual({
      name: 'jobs',
      mode: 'manage',
      attach: { targetGroups: [] },
      tier: 'bulk',
      region: 'us-east-1',
      queue: {
        source: { kind: 'own' },
        taskId: { kind: 'message-id' },
        visibilitySeconds: 60,
        maxFailures: 3,
        retryDelaySeconds: 30,
      },
      instanceTypes: ['c7g.large', 'c6g.large', 'm7g.large'],
      architecture: 'arm64',
      image: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
      zones: ['us-east-1a', 'us-east-1b'],
      network: {
        subnets: { 'us-east-1a': 'subnet-0a1b2c3d4e5f60718', 'us-east-1b': 'subnet-0b2c3d4e5f6071829' },
        securityGroups: ['sg-0c3d4e5f60718293a'],
      },
      capacity: { min: 0, max: 20, targetBacklog: 10 },
      spot: { maxPercentOfOnDemand: 90, strategy: 'capacity' },
      onDemand: { base: 0, fallback: true, max: 20, afterSeconds: 0 },
      drain: { marginSeconds: 10, windowSeconds: 120, warySeconds: 900, rebalance: 'wary' },
      worker: { program: { kind: 'command', command: 'python3 worker.py' }, concurrency: 1, maximumAgeHours: 24 },
      upgrade: 'on-replacement',
      report: {
        recipients: [],
        schedule: 'cron(0 8 ? * MON *)',
        timeZone: 'UTC',
        currency: { code: 'USD', perUsd: 1 },
      },
      tags: {},
    });
  });

  it('has the window that it states, and none otherwise', () => {
    expect(fleetIn(smallFileAnd('windowHours: 48')).windowHours).toBe(48);
    expect(fleetIn(SMALL_FILE)).not.toHaveProperty('windowHours');
  });

  it('takes the architecture and the image from types that are all x86_64', () => {
    const fleet = fleetIn(smallFileWith('[c7g.large, c6g.large, m7g.large]', '[c7i.large, c6a.large, m7i-flex.large]'));
    expect(fleet.architecture).toBe('x86_64');
    expect(fleet.image).toBe('/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64');
  });

  it('reads a queue that the user has, with the path of its task ids', () => {
    const text = smallFileAnd(...GIVEN_QUEUE, '  taskIdPath: $.job.id');
    expect(fleetIn(text).queue).toMatchObject({
      source: {
        kind: 'given',
        url: 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
        arn: 'arn:aws:sqs:us-east-1:123456789012:jobs',
      },
      taskId: { kind: 'body-path', keys: ['job', 'id'] },
    });
  });

  it('may share values by anchors', () => {
    const shared = smallFileWith('capacity: { min: 0, max: 20 }', 'capacity: { min: &n 7, max: *n }');
    expect(fleetIn(shared).capacity).toEqual({ min: 7, max: 7, targetBacklog: 10 });
  });

  it('needs no network when it launches nothing', () => {
    const text = SMALL_FILE.replace('manage', 'attach').replace(/ {4}network:\n.*\n.*\n/, '');
    expect(fleetIn(text).network).toEqual({ subnets: {}, securityGroups: [] });
  });

  it('supervises another system’s worker: on a number of machines, or by the backlog of a queue that it works on', () => {
    const supervised = smallFileWith('command: python3 worker.py', 'supervise: prefect worker start --pool "spot"');
    const onTwo = fleetIn(supervised.replace('min: 0', 'min: 2'));
    expect(onTwo.worker).toEqual({
      program: { kind: 'supervise', command: 'prefect worker start --pool "spot"' },
      concurrency: 1,
      maximumAgeHours: 24,
    });
    const byBacklog = fleetIn(supervised + GIVEN_QUEUE.map((line) => `    ${line}\n`).join(''));
    expect(byBacklog.capacity.min).toBe(0);
    expect(fleetIn(supervised.replace('manage', 'attach')).capacity.min).toBe(0);
  });

  it('is what the example at the root of the project is, without a warning', () => {
    const text = readFileSync(new URL('../../spothop.yml', import.meta.url), 'utf8');
    expect(answerTo(text)).toBe('');
    expect(fleetIn(text)).toMatchObject({
      name: 'index',
      mode: 'manage',
      worker: { program: { kind: 'task', path: './examples/index-sources/task.ts' } },
      report: { recipients: ['ops@example.com'], timeZone: 'Europe/Berlin' },
    });
  });
});
