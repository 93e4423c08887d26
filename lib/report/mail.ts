import MailComposer from 'nodemailer/lib/mail-composer';
import type { EpochMs } from '../fleet/time.ts';
import type { CostReport } from '../money/cost-report.ts';
import type { Mail } from '../ports/money.ts';
import { renderCsv } from './csv.ts';
import { type Sending, subject } from './headline.ts';
import { renderHtml } from './html.ts';
import { renderText } from './text.ts';

export interface Addresses {
  readonly from: string;
  readonly to: readonly string[];
}

const fileName = (report: CostReport): string =>
  `spothop-${report.fleet}-${report.period.key}.csv`.replace(/[^A-Za-z0-9._-]+/g, '_');

const messageId = (report: CostReport, number: number): string => `<${report.reportId}.${number}@spothop.invalid>`;

/**
 * The whole mail in MIME form. Nothing in it comes from the machine's clock or its randomness, so the same sending of the
 * same report is the same mail. A repeat answers the first one, and mail readers show the two together.
 */
export const composeMail = async (
  report: CostReport,
  sending: Sending,
  addresses: Addresses,
  sentAt: EpochMs,
): Promise<Mail> => {
  const composer = new MailComposer({
    from: addresses.from,
    to: [...addresses.to],
    subject: subject(report, sending),
    text: renderText(report, sending),
    html: renderHtml(report, sending),
    attachments: [{ filename: fileName(report), content: renderCsv(report), contentType: 'text/csv; charset=utf-8' }],
    date: new Date(sentAt),
    messageId: messageId(report, sending.number),
    ...(sending.number > 1 ? { inReplyTo: messageId(report, 1), references: messageId(report, 1) } : {}),
    headers: { 'X-Spothop-Report': report.reportId, 'Auto-Submitted': 'auto-generated' },
    baseBoundary: `${report.reportId}-${sending.number}`,
    // Nothing in a report may make the mail be read from a file or fetched from an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return { ...addresses, raw: await composer.compile().build() };
};
