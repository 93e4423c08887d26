import { drawHex } from '../../market/draw.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../service.ts';

/** Identifiers as EC2 makes them: a prefix and hexadecimal digits; the same seed gives the same ones in the same order. */
export interface Identifiers {
  instance(): string;
  fleet(): string;
  launchTemplate(): string;
  spotRequest(): string;
  request(): string;
}

const uuidLike = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');

export const createIdentifiers = (seed: number): Identifiers => {
  const counts = new Map<string, number>();
  const next = (kind: string, digits: number): string => {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    return drawHex(digits, seed, 'identifier', kind, count);
  };
  return {
    instance: () => `i-0${next('instance', 16)}`,
    fleet: () => `fleet-${uuidLike(next('fleet', 32))}`,
    launchTemplate: () => `lt-0${next('launch-template', 16)}`,
    spotRequest: () => `sir-${next('spot-request', 8)}`,
    request: () => uuidLike(next('request', 32)),
  };
};

/** The resource part may be a wildcard: IAM judges a machine that does not exist yet as `instance/*`. */
export const ec2Arn = (resourceType: string, resource: string): string =>
  resourceType === 'image'
    ? `arn:aws:ec2:${LOCAL_REGION}::image/${resource}`
    : `arn:aws:ec2:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resourceType}/${resource}`;
