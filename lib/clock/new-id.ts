import { randomUUID } from 'node:crypto';
import type { NewId } from '../ports/random.ts';

/** 36 printable characters: fits EC2's 64 for a client token (reliability B17). */
export const randomId: NewId = () => randomUUID();
