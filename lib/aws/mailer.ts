import { type SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import type { Mailer } from '../ports/money.ts';

/** https://docs.aws.amazon.com/ses/latest/dg/quotas.html: recipients of one message. */
export const MAIL_RECIPIENTS_MAX = 50;

/**
 * Mail by SES, as a finished MIME message. SES puts a Message-ID of its own in place of ours; the report's id stands in
 * `X-Spothop-Report` and in the text. For a finished message SES asks for the permission `ses:SendRawEmail`, although the
 * call is SendEmail. What SES refuses (sandbox, unverified sender, suppressed, throttled) is thrown.
 */
export const sesMailer = (client: SESv2Client): Mailer => ({
  send: async ({ from, to, raw }) => {
    if (to.length > MAIL_RECIPIENTS_MAX) {
      throw new Error(`A mail has ${to.length} recipients; SES takes ${MAIL_RECIPIENTS_MAX}. Use a mailing list.`);
    }
    await client.send(
      new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [...to] },
        Content: { Raw: { Data: raw } },
      }),
    );
  },
});
