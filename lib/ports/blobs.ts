/** Bodies, results and checkpoints too large for a row. Objects are named by their digest and never overwritten. */
export interface Blobs {
  put(key: string, content: string): Promise<void>;
  get(key: string): Promise<string | undefined>;
}
