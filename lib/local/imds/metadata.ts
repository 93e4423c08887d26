import { type EpochMs, toIso } from '../../fleet/time.ts';
import { type Credentials, LOCAL_ACCOUNT, LOCAL_REGION } from '../service.ts';

/** A reboot, stop or retirement that AWS has planned for a machine, or had. */
export interface MaintenancePlan {
  readonly eventId: string;
  readonly code: 'instance-reboot' | 'system-reboot' | 'system-maintenance' | 'instance-retirement' | 'instance-stop';
  readonly notBefore: EpochMs;
  readonly notAfter: EpochMs;
  readonly state: 'active' | 'completed' | 'canceled';
}

/** What the metadata service of one machine tells about it, as it is now. */
export interface MetadataView {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly imageId: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly lifeCycle: 'spot' | 'on-demand';
  readonly privateIp: string;
  readonly launchedAt: EpochMs;
  readonly role?: { readonly roleName: string; readonly credentials: Credentials };
  /** Set once EC2 has given notice. */
  readonly deadlineAt?: EpochMs;
  readonly rebalanceAt?: EpochMs;
  /** What is planned is listed as scheduled, what is over as history. */
  readonly maintenance?: readonly MaintenancePlan[];
  /** What the machine's Auto Scaling group wants it to become; absent where it has none. */
  readonly targetLifecycleState?: string;
}

/** Instants as IMDS writes them: whole seconds, UTC. */
const secondsIso = (instant: EpochMs): string => `${toIso(instant).slice(0, 19)}Z`;

/** `21 Jan 2019 09:00:43 GMT` */
const maintenanceDate = (instant: EpochMs): string => new Date(instant).toUTCString().slice('Mon, '.length);

const DESCRIPTIONS: Readonly<Record<MaintenancePlan['state'], string>> = {
  active: '',
  completed: '[Completed] ',
  canceled: '[Canceled] ',
};

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instances-status-check_sched.html */
const maintenanceDocument = ({ maintenance = [] }: MetadataView, isHistory: boolean): string =>
  JSON.stringify(
    maintenance
      .filter(({ state }) => (state !== 'active') === isHistory)
      .map(({ eventId, code, notBefore, notAfter, state }) => ({
        NotBefore: maintenanceDate(notBefore),
        Code: code,
        Description: `${DESCRIPTIONS[state]}scheduled ${code.split('-').at(-1)}`,
        EventId: eventId,
        NotAfter: maintenanceDate(notAfter),
        State: state,
      })),
  );

/** Far enough that a run never renews; credentials end with the machine, not with the clock. */
const CREDENTIALS_LIFE_MS = 6 * 3_600_000;

const credentialsDocument = (credentials: Credentials, now: EpochMs): string =>
  JSON.stringify({
    Code: 'Success',
    LastUpdated: secondsIso(now),
    Type: 'AWS-HMAC',
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    Token: credentials.sessionToken,
    Expiration: secondsIso((now + CREDENTIALS_LIFE_MS) as EpochMs),
  });

const identityDocument = (view: MetadataView): string =>
  JSON.stringify({
    accountId: LOCAL_ACCOUNT,
    architecture: 'x86_64',
    availabilityZone: view.zone,
    imageId: view.imageId,
    instanceId: view.instanceId,
    instanceType: view.instanceType,
    pendingTime: secondsIso(view.launchedAt),
    privateIp: view.privateIp,
    region: LOCAL_REGION,
    version: '2017-09-30',
  });

type Category = (view: MetadataView, now: EpochMs) => string | undefined;

/** Paths below `/latest/`; an answer of undefined is a 404. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html */
const CATEGORIES: Readonly<Record<string, Category>> = {
  'meta-data/instance-id': (view) => view.instanceId,
  'meta-data/instance-life-cycle': (view) => view.lifeCycle,
  'meta-data/instance-type': (view) => view.instanceType,
  'meta-data/ami-id': (view) => view.imageId,
  'meta-data/local-ipv4': (view) => view.privateIp,
  'meta-data/placement/availability-zone': (view) => view.zone,
  'meta-data/placement/availability-zone-id': (view) => view.zoneId,
  'meta-data/placement/region': () => LOCAL_REGION,
  'meta-data/iam/security-credentials': (view) => view.role?.roleName,
  'meta-data/spot/instance-action': (view) =>
    view.deadlineAt && JSON.stringify({ action: 'terminate', time: secondsIso(view.deadlineAt) }),
  'meta-data/spot/termination-time': (view) => view.deadlineAt && secondsIso(view.deadlineAt),
  'meta-data/events/recommendations/rebalance': (view) =>
    view.rebalanceAt && JSON.stringify({ noticeTime: secondsIso(view.rebalanceAt) }),
  'meta-data/events/maintenance/scheduled': (view) => maintenanceDocument(view, false),
  'meta-data/events/maintenance/history': (view) => maintenanceDocument(view, true),
  'meta-data/autoscaling/target-lifecycle-state': (view) => view.targetLifecycleState,
  'dynamic/instance-identity/document': identityDocument,
};

const roleCredentials = (name: string, view: MetadataView, now: EpochMs): string | undefined =>
  view.role !== undefined && name === `meta-data/iam/security-credentials/${view.role.roleName}`
    ? credentialsDocument(view.role.credentials, now)
    : undefined;

/** The text behind a metadata path such as `/latest/meta-data/instance-id`; undefined when there is nothing. */
export const metadataText = (path: string, view: MetadataView, now: EpochMs): string | undefined => {
  if (!path.startsWith('/latest/')) return undefined;
  const name = path.slice('/latest/'.length).replace(/\/$/, '');
  const category = Object.hasOwn(CATEGORIES, name) ? CATEGORIES[name] : undefined;
  return category ? category(view, now) : roleCredentials(name, view, now);
};
