import { isObject, readBoundedJson } from '../signals/bounded-json.ts';

/** A Lambda function is never handed more than 6 MB at once, nor more than 10,000 messages of a queue. */
const FILE_BYTES_MAX = 6 * 1_024 * 1_024;
const EVENTS_MAX = 10_000;

export type EventFile =
  | { readonly ok: true; readonly bodies: readonly string[] }
  | { readonly ok: false; readonly because: string };

const bodyOf = (message: unknown): string => {
  const body = isObject(message) ? (message['body'] ?? message['Body']) : undefined;
  return typeof body === 'string' ? body : JSON.stringify(message);
};

/** A JSON array of events, the batch that Lambda hands to a function, or what `aws sqs receive-message` prints. */
const listIn = (value: unknown): readonly unknown[] | undefined => {
  const lists = isObject(value) ? [value['Records'], value['Messages']] : [value];
  return lists.find((list) => Array.isArray(list));
};

/**
 * The message bodies a file holds: one event, a JSON array of events, or a batch of queue messages. A text that is none
 * of these is one body, and reading that says what is wrong with it.
 */
export const eventsInFile = (contents: string): EventFile => {
  const text = contents.replace(/^\uFEFF/, '');
  const json = readBoundedJson(text, FILE_BYTES_MAX);
  const list = json.ok ? listIn(json.value) : undefined;
  if (list === undefined) return { ok: true, bodies: [text] };
  if (list.length === 0) return { ok: false, because: 'it holds no event' };
  return list.length > EVENTS_MAX
    ? { ok: false, because: `it holds ${list.length} events; at most ${EVENTS_MAX} are read` }
    : { ok: true, bodies: list.map(bodyOf) };
};
