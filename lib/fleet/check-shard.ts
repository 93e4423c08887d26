import type { TaskId } from './ids.ts';
import { CHECK_SHARDS } from './limits.ts';

/** The 32-bit FNV-1a offset basis and prime (RFC 9923). */
const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * The part of the sweep's index that a task is listed in, 0 to CHECK_SHARDS − 1. It depends on nothing but the id, so
 * that every writer of a row, in every version, names the same part.
 */
export const checkShard = (taskId: TaskId): number => {
  let hash = OFFSET_BASIS;
  for (const byte of Buffer.from(taskId, 'utf8')) hash = Math.imul(hash ^ byte, PRIME);
  return (hash >>> 0) % CHECK_SHARDS;
};
