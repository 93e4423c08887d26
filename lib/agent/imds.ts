import { addMs, type EpochMs, epochMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';

/**
 * The instance metadata service, version 2 (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html;
 * reliability B25). A token is asked for by PUT and sent with every read.
 */
export interface Imds {
  /** The text at a path below `/latest/meta-data/`, or `undefined` where there is none (404). @throws ImdsUnavailable */
  read(path: string): Promise<string | undefined>;
}

/** The metadata service gave no usable answer. Never means that nothing is planned (reliability F60). */
export class ImdsUnavailable extends Error {
  override readonly name = 'ImdsUnavailable';
}

export interface ImdsOptions {
  /** `http://169.254.169.254` on a real machine. */
  readonly endpoint: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A fresh signal for each request, which ends it when the service hangs (row A7). */
  readonly timeout: () => AbortSignal;
}

/** The longest life IMDSv2 gives a token; it is replaced at nine tenths of it. */
export const TOKEN_TTL_SECONDS = 21_600;
const TOKEN_RENEWAL_SHARE = 0.9;

const HOP_LIMIT_HINT =
  'In a container the answer needs a hop limit of at least 2: aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2.';
const SWITCHED_OFF_HINT =
  'It is switched off for this machine: modify-instance-metadata-options --http-endpoint enabled.';

interface Token {
  readonly text: string;
  readonly renewAt: EpochMs;
}

export const createImds = ({ endpoint, clock, log, timeout }: ImdsOptions): Imds => {
  let token: Token | undefined;
  const said = new Set<string>();

  const sayOnce = (message: string, fields: { readonly hint: string }): void => {
    if (said.has(message)) return;
    said.add(message);
    log.error(message, fields);
  };

  const request = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(new URL(path, endpoint), { ...init, redirect: 'error', signal: timeout() });
    } catch (error) {
      throw new ImdsUnavailable(`The metadata service did not answer ${init.method} ${path}`, { cause: error });
    }
  };

  const textOf = async (response: Response): Promise<string> => {
    try {
      return await response.text();
    } catch (error) {
      throw new ImdsUnavailable('The metadata service broke off its answer', { cause: error });
    }
  };

  const requestToken = async (): Promise<Response> => {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS) };
    try {
      return await request('/latest/api/token', { method: 'PUT', headers });
    } catch (error) {
      sayOnce('the metadata service does not give a token', { hint: HOP_LIMIT_HINT });
      throw error;
    }
  };

  const newToken = async (): Promise<Token> => {
    const response = await requestToken();
    const text = await textOf(response);
    if (response.status === 403) sayOnce('the metadata service refuses', { hint: SWITCHED_OFF_HINT });
    if (response.status !== 200) throw new ImdsUnavailable(`The metadata service gave no token: ${response.status}`);
    const lifeMs = secondsToMs(TOKEN_TTL_SECONDS) * TOKEN_RENEWAL_SHARE;
    return { text, renewAt: epochMs(Math.floor(addMs(clock.now(), lifeMs))) };
  };

  const readWithToken = async (path: string): Promise<Response> => {
    if (token === undefined || clock.now() >= token.renewAt) token = await newToken();
    return request(`/latest/meta-data/${path}`, {
      method: 'GET',
      headers: { 'x-aws-ec2-metadata-token': token.text },
    });
  };

  /** 401 means that the token has died early, as after a resume: it is replaced once for each read (F61). */
  const readRenewing = async (path: string): Promise<Response> => {
    const response = await readWithToken(path);
    if (response.status !== 401) return response;
    await textOf(response);
    token = undefined;
    return readWithToken(path);
  };

  return {
    read: async (path) => {
      const response = await readRenewing(path);
      const text = await textOf(response);
      if (response.status === 200) return text;
      if (response.status === 404) return undefined;
      if (response.status === 403) sayOnce('the metadata service refuses', { hint: SWITCHED_OFF_HINT });
      throw new ImdsUnavailable(`The metadata service answered ${path} with ${response.status}`);
    },
  };
};
