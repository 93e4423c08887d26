/**
 * Builds the message that SES would build from its parts.
 *
 * Not modelled: attachments of the simple form, templates, configuration sets.
 */
import { createTransport } from 'nodemailer';

export interface MailParts {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc?: readonly string[];
  readonly replyTo?: readonly string[];
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  readonly date: Date;
}

/** Writes the message into memory instead of to a server. */
const composer = createTransport({ streamTransport: true, buffer: true });

export const composeMail = async (parts: MailParts): Promise<Buffer> => {
  const { message } = await composer.sendMail({
    from: parts.from,
    to: [...parts.to],
    cc: [...(parts.cc ?? [])],
    replyTo: [...(parts.replyTo ?? [])],
    subject: parts.subject,
    date: parts.date,
    ...(parts.text !== undefined && { text: parts.text }),
    ...(parts.html !== undefined && { html: parts.html }),
  });
  return message as Buffer;
};
