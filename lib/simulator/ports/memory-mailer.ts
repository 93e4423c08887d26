/**
 * SES, by reliability B26, as far as a report's mail needs it.
 * Held against the adapter by `test/contracts/prices-and-mail.test.ts`.
 *
 * Not modelled: the sandbox, quotas, suppression, bounces, MIME.
 */
import type { Mail, Mailer } from '../../ports/money.ts';

/** Mails that a mailer took, in order. */
export interface MemoryMailer extends Mailer {
  readonly outbox: readonly Mail[];
}

/**
 * @param fault asked before each sending, 1 for the first: `refuse` fails without delivering, `lose-answer` delivers and
 * then fails, as a connection does that breaks after the mail was taken
 */
export const memoryMailer = (
  fault: (sending: number) => 'refuse' | 'lose-answer' | undefined = () => undefined,
): MemoryMailer => {
  const outbox: Mail[] = [];
  let sendings = 0;
  return {
    outbox,
    send: async (mail) => {
      sendings += 1;
      const failing = fault(sendings);
      if (failing !== 'refuse') outbox.push(mail);
      if (failing !== undefined) throw new Error(`The mail service failed at sending ${sendings}: ${failing}.`);
    },
  };
};
