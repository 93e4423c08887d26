import { addMs, type EpochMs, epochMs, secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { type PlainAnswer, type PlainRequest, requestPlainly } from './plain-http.ts';

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
  let tokenUnderWay: Promise<Token> | undefined;
  const said = new Set<string>();

  const sayOnce = (message: string, fields: { readonly hint: string }): void => {
    if (said.has(message)) return;
    said.add(message);
    log.error(message, fields);
  };

  const request = async (path: string, asked: Omit<PlainRequest, 'signal'>): Promise<PlainAnswer> => {
    try {
      return await requestPlainly(new URL(path, endpoint), { ...asked, signal: timeout() });
    } catch (error) {
      throw new ImdsUnavailable(`The metadata service did not answer ${asked.method} ${path}`, { cause: error });
    }
  };

  const requestToken = async (): Promise<PlainAnswer> => {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_TTL_SECONDS) };
    try {
      return await request('/latest/api/token', { method: 'PUT', headers });
    } catch (error) {
      sayOnce('the metadata service does not give a token', { hint: HOP_LIMIT_HINT });
      throw error;
    }
  };

  const newToken = async (): Promise<Token> => {
    const { status, text } = await requestToken();
    if (status === 403) sayOnce('the metadata service refuses', { hint: SWITCHED_OFF_HINT });
    if (status !== 200) throw new ImdsUnavailable(`The metadata service gave no token: ${status}`);
    const lifeMs = secondsToMs(TOKEN_TTL_SECONDS) * TOKEN_RENEWAL_SHARE;
    return { text, renewAt: epochMs(Math.floor(addMs(clock.now(), lifeMs))) };
  };

  /** Several readers at once ask for one token. */
  const currentToken = async (): Promise<Token> => {
    if (token !== undefined && clock.now() < token.renewAt) return token;
    tokenUnderWay ??= newToken().finally(() => {
      tokenUnderWay = undefined;
    });
    token = await tokenUnderWay;
    return token;
  };

  const readWith = ({ text }: Token, path: string): Promise<PlainAnswer> =>
    request(`/latest/meta-data/${path}`, { method: 'GET', headers: { 'x-aws-ec2-metadata-token': text } });

  /** 401 means that the token has died early, as after a resume: it is replaced once for each read (F61). */
  const readRenewing = async (path: string): Promise<PlainAnswer> => {
    const used = await currentToken();
    const answer = await readWith(used, path);
    if (answer.status !== 401) return answer;
    // Another reader may have replaced it already.
    if (token === used) token = undefined;
    return readWith(await currentToken(), path);
  };

  return {
    read: async (path) => {
      const { status, text } = await readRenewing(path);
      if (status === 200) return text;
      if (status === 404) return undefined;
      if (status === 403) sayOnce('the metadata service refuses', { hint: SWITCHED_OFF_HINT });
      throw new ImdsUnavailable(`The metadata service answered ${path} with ${status}`);
    },
  };
};
