const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=bench/20260101/eu-west-1/bench/aws4_request, SignedHeaders=host, Signature=bench',
};

/** One call in AWS's JSON protocol, to a service that checks no signature. @throws Error with the service's answer */
export const callJson = async (
  endpoint: string,
  target: string,
  body: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> => {
  const headers = { ...HEADERS, 'x-amz-target': target };
  const answer = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${target} was answered ${answer.status}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
};
