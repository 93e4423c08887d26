/** The environment that leads an AWS client to the local cloud, and nowhere else. */
import { type Credentials, LOCAL_REGION } from './service.ts';

export interface EnvironmentOptions {
  readonly endpoint: string;
  readonly credentials: Credentials;
  readonly timeFactor: number;
  readonly timeOriginMs: number;
}

/** How often the deploy tool asks for a stack's events: its usual five seconds would be most of a deploy's time. */
const MONITORING_INTERVAL_MS = 50;

export const localEnvironment = (options: EnvironmentOptions): Record<string, string> => ({
  AWS_ENDPOINT_URL: options.endpoint,
  AWS_ACCESS_KEY_ID: options.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: options.credentials.secretAccessKey,
  ...(options.credentials.sessionToken !== '' && { AWS_SESSION_TOKEN: options.credentials.sessionToken }),
  AWS_REGION: LOCAL_REGION,
  AWS_DEFAULT_REGION: LOCAL_REGION,
  SLS_AWS_MONITORING_FREQUENCY: String(MONITORING_INTERVAL_MS),
  SPOTHOP_TIME_FACTOR: String(options.timeFactor),
  SPOTHOP_TIME_ORIGIN_MS: String(options.timeOriginMs),
});

/** A profile wins over keys, and a proxy takes even loopback calls; either would lead a client to the real AWS. */
const FOREIGN = /^(AWS_.*|HTTPS?_PROXY|https?_proxy|ALL_PROXY|all_proxy|NODE_EXTRA_CA_CERTS)$/;

export const withoutForeignSettings = (base: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(base).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.test(entry[0]),
    ),
  );
