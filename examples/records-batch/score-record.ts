export interface SourceRecord {
  readonly id: string;
  readonly text: string;
}

/** Stands for the source: the same records in the same order whenever it is asked, from any place on. */
export function* recordsOf(batch: number, size: number, from: number): Generator<SourceRecord> {
  for (let index = from; index < size; index += 1) {
    const number = batch * size + index;
    yield { id: `record-${number}`, text: `the text of record ${number}` };
  }
}

const MODULUS = 1_000_003;

/** Stands for the work on one record. */
export const scoreRecord = ({ text }: SourceRecord): number =>
  [...text].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % MODULUS, 7);
