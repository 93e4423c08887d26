/**
 * Reads a SendEmail request of SES v2: who sends, to whom, and the message itself.
 * Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
 *
 * Not modelled: templates, tenants, list management, tags.
 */
import { simpleParser } from 'mailparser';
import { AwsError } from '../service.ts';
import { isObject, list, object, optionalText, type Properties } from '../template-values.ts';
import { composeMail } from './compose.ts';

const badRequest = (message: string): AwsError => new AwsError(400, 'BadRequestException', message);

/** `"Spothop" <reports@example.com>` gives `reports@example.com`. */
export const addressOf = (mailbox: string): string =>
  (/<([^<>]+)>\s*$/.exec(mailbox)?.[1] ?? mailbox).trim().toLowerCase();

export const isRaw = (body: Properties): boolean => isObject(object(body, 'Content')['Raw']);

const rawData = (body: Properties): Buffer => {
  const data = optionalText(object(object(body, 'Content'), 'Raw'), 'Data');
  if (data === undefined) throw badRequest('Content.Raw.Data is missing.');
  return Buffer.from(data, 'base64');
};

/** The sender: the request's own, or for a raw message the one in its From header. */
export const senderOf = async (body: Properties): Promise<string> => {
  const given = optionalText(body, 'FromEmailAddress');
  if (given !== undefined) return addressOf(given);
  if (!isRaw(body)) throw badRequest('FromEmailAddress is missing.');
  const mail = await simpleParser(rawData(body), { skipTextToHtml: true });
  const address = mail.from?.value[0]?.address;
  if (address === undefined) throw badRequest('The raw message has no From header, and FromEmailAddress is missing.');
  return address.toLowerCase();
};

/** What understanding a call may know without parsing a message: empty for a raw one that leaves the sender to its header. */
export const statedSender = (body: Properties): string => {
  const given = optionalText(body, 'FromEmailAddress');
  if (given !== undefined) return addressOf(given);
  if (!isRaw(body)) return '';
  const headers =
    rawData(body)
      .toString('utf8')
      .split(/\r?\n\r?\n/, 1)[0]
      ?.replaceAll(/\r?\n[ \t]+/g, ' ') ?? '';
  return addressOf(/^from:(.*)$/im.exec(headers)?.[1] ?? '');
};

export const recipientsOf = (body: Properties): readonly string[] => {
  const destination = object(body, 'Destination');
  return ['ToAddresses', 'CcAddresses', 'BccAddresses'].flatMap((name) => list(destination, name).map(String));
};

const content = (parts: Properties, name: string): string | undefined => optionalText(object(parts, name), 'Data');

const composeSimple = (body: Properties, date: Date): Promise<Buffer> => {
  const simple = object(object(body, 'Content'), 'Simple');
  const destination = object(body, 'Destination');
  const parts = object(simple, 'Body');
  const [text, html] = [content(parts, 'Text'), content(parts, 'Html')];
  const subject = content(simple, 'Subject');
  if (subject === undefined) throw badRequest('Content.Simple.Subject is missing.');
  if (text === undefined && html === undefined) throw badRequest('Content.Simple.Body needs Text or Html.');
  return composeMail({
    from: optionalText(body, 'FromEmailAddress') ?? '',
    to: list(destination, 'ToAddresses').map(String),
    cc: list(destination, 'CcAddresses').map(String),
    replyTo: list(body, 'ReplyToAddresses').map(String),
    subject,
    text,
    html,
    date,
  });
};

/** The message as it would leave SES. */
export const messageOf = async (body: Properties, date: Date): Promise<Buffer> => {
  if (isRaw(body)) return rawData(body);
  if (isObject(object(body, 'Content')['Simple'])) return composeSimple(body, date);
  throw badRequest('The local cloud knows Content.Raw and Content.Simple. Render the template before sending.');
};
