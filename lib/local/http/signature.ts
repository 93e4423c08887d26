/**
 * Who signed a request and for which service, read from Signature Version 4's credential scope
 * (docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
 *
 * What it does not model: the signature itself is never checked; on loopback the access key id alone names the caller.
 */

export interface CredentialScope {
  readonly accessKeyId: string;
  readonly region: string;
  readonly signingName: string;
}

const HEADER_FORM = /^AWS4-HMAC-SHA256\s.*?Credential=([^,\s]+)/;

/** From the Authorization header, or from the query of a presigned URL; undefined for an unsigned request. */
export const credentialScopeOf = (
  headers: Readonly<Record<string, string>>,
  query: URLSearchParams,
): CredentialScope | undefined => {
  const credential = HEADER_FORM.exec(headers['authorization'] ?? '')?.[1] ?? query.get('X-Amz-Credential');
  const parts = credential?.split('/') ?? [];
  const [accessKeyId, , region, signingName, terminator] = parts;
  if (!accessKeyId || !region || !signingName || terminator !== 'aws4_request') return undefined;
  return { accessKeyId, region, signingName };
};
