import { hash } from 'node:crypto';
import { INLINE_BYTES_MAX } from '../fleet/limits.ts';
import type { Content } from '../fleet/task.ts';
import type { Blobs } from '../ports/blobs.ts';

/** Stored text that is missing, cut or changed: its digest says so (reliability F54). */
export class CorruptContent extends Error {
  override readonly name = 'CorruptContent';
}

/** Hexadecimal SHA-256 of the text in UTF-8. */
export const sha256Of = (text: string): string => hash('sha256', text, 'hex');

/** Objects are named by what is in them, so that writing one twice is writing it once. */
export const contentKey = (sha256: string): string => `content/${sha256}`;

/**
 * Bodies, checkpoints and results as the ledger keeps them: in the row while small, else an object that is written
 * before the row names it. An object whose row was never written is harmless, and ends by the bucket's lifecycle rule.
 */
export const packContent = async (blobs: Blobs, text: string): Promise<Content> => {
  const sha256 = sha256Of(text);
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes <= INLINE_BYTES_MAX) return { inline: text, sha256 };
  const objectKey = contentKey(sha256);
  await blobs.put(objectKey, text);
  return { objectKey, sha256, bytes };
};

/** The text again. @throws CorruptContent when it is not the text whose digest was stored. */
export const unpackContent = async (blobs: Blobs, content: Content): Promise<string> => {
  const text = 'inline' in content ? content.inline : await blobs.get(content.objectKey);
  if (text === undefined) throw new CorruptContent('The stored object is missing; was it deleted by hand?');
  if (sha256Of(text) !== content.sha256) throw new CorruptContent('The stored text does not match its digest.');
  return text;
};
