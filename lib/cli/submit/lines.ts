const LINE_FEED = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Lines count from 1, blank ones too, as editors count them. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly fault: 'too-long' | 'not-utf-8' };

const isBlank = (text: string): boolean => /^[ \t\r]*$/.test(text);

/** Bytes of one line, as far as they are within the limit: a line without an end must not fill the memory. */
class OpenLine {
  #pieces: Buffer[] = [];
  #length = 0;
  readonly #bytesMax: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  add(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#length <= this.#bytesMax) this.#pieces.push(piece);
    else this.#pieces = [];
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  end(number: number): Line {
    const bytes = Buffer.concat(this.#pieces);
    const isTooLong = this.#length > this.#bytesMax;
    this.#pieces = [];
    this.#length = 0;
    if (isTooLong) return { number, fault: 'too-long' };
    const isFirst = number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
    try {
      return { number, text: this.#decoder.decode(isFirst ? bytes.subarray(3) : bytes) };
    } catch {
      return { number, fault: 'not-utf-8' };
    }
  }
}

/**
 * The lines of a stream of bytes that are not blank, in bounded memory. Lines end in LF or CRLF, the last one perhaps in
 * nothing; a byte order mark at the beginning is no part of the first.
 */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Line> {
  const open = new OpenLine(bytesMax);
  let number = 0;
  const ended = (): Line | undefined => {
    const line = open.end(++number);
    return 'text' in line && isBlank(line.text) ? undefined : line;
  };
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      open.add(bytes.subarray(from, end));
      from = end + 1;
      const line = ended();
      if (line) yield line;
    }
    if (from < bytes.length) open.add(bytes.subarray(from));
  }
  if (open.isEmpty) return;
  const last = ended();
  if (last) yield last;
}
