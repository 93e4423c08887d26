/**
 * A folder where every mail lands instead of in somebody's inbox: `<n>-<subject>.eml`, and `.html` to open in a browser.
 *
 * Not modelled: delivery, bounces, complaints, the sandbox and its quotas.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';

export interface StoredMail {
  readonly number: number;
  readonly subject: string;
  readonly emlFile: string;
  /** Absent when the mail has no HTML part. */
  readonly htmlFile: string | undefined;
}

const SLUG_CHARACTERS_MAX = 60;

/** Letters and digits of the subject, as a file may be called anywhere. */
export const slugOf = (subject: string): string => {
  const plain = subject.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const slug = plain.replaceAll(/[^a-z0-9]+/g, '-').slice(0, SLUG_CHARACTERS_MAX);
  return slug.replaceAll(/^-+|-+$/g, '') || 'no-subject';
};

const nextNumber = (folder: string): number => {
  const numbers = readdirSync(folder).map((file) => Number.parseInt(file, 10));
  return Math.max(0, ...numbers.filter((number) => Number.isInteger(number))) + 1;
};

export const outboxFolder = (stateFolder: string): string => join(stateFolder, 'outbox');

/** Stores a whole message (headers and MIME parts), numbered after those already there. */
export const storeMail = async (stateFolder: string, raw: Buffer): Promise<StoredMail> => {
  const folder = outboxFolder(stateFolder);
  const mail = await simpleParser(raw, { skipTextToHtml: true, skipImageLinks: false });
  const subject = mail.subject ?? '';
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  const number = nextNumber(folder);
  const base = join(folder, `${number}-${slugOf(subject)}`);
  const emlFile = `${base}.eml`;
  writeFileSync(emlFile, raw, { flag: 'wx' });
  const { html } = mail;
  if (typeof html !== 'string') return { number, subject, emlFile, htmlFile: undefined };
  const htmlFile = `${base}.html`;
  writeFileSync(htmlFile, html, { flag: 'wx' });
  return { number, subject, emlFile, htmlFile };
};
