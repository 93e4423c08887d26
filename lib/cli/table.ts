/** The width that every terminal has. */
export const COLUMNS_MAX = 80;

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  readonly isNumber?: true;
}

const GAP = '  ';

/**
 * Rows under titles, as wide as their longest text. A first text that would push the others over the edge stands on a
 * line of its own: it is what people copy, so it is never cut. `below` adds lines under a row.
 */
export const renderTable = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  below: (row: Row) => readonly string[] = () => [],
): string => {
  const [first, ...rest] = columns as readonly [Column<Row>, ...Column<Row>[]];
  const widthOf = ({ title, text }: Column<Row>): number =>
    Math.max(title.length, ...rows.map((row) => text(row).length));
  const restWidths = rest.map(widthOf);
  const restWidth = restWidths.reduce((sum, width) => sum + GAP.length + width, 0);
  const fitting = rows.map((row) => first.text(row).length).filter((length) => length + restWidth <= COLUMNS_MAX);
  const firstWidth = Math.max(first.title.length, ...fitting);
  const line = (firstText: string, texts: readonly string[]): string =>
    [
      firstText.padEnd(firstWidth),
      ...texts.map((text, index) =>
        rest[index]!.isNumber ? text.padStart(restWidths[index]!) : text.padEnd(restWidths[index]!),
      ),
    ]
      .join(GAP)
      .trimEnd();
  const rowLines = (row: Row): readonly string[] => {
    const id = first.text(row);
    const texts = rest.map(({ text }) => text(row));
    return id.length <= firstWidth ? [line(id, texts)] : [id, line('', texts)];
  };
  const titles = line(
    first.title,
    rest.map(({ title }) => title),
  );
  return [titles, ...rows.flatMap((row) => [...rowLines(row), ...below(row).map((text) => `${GAP}${text}`)])]
    .map((text) => `${text}\n`)
    .join('');
};

/** Lines of whole words, each within the width; a word that is longer has a line of its own. */
const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
};

/** Labels in one column, what they say in the next. */
export const renderFacts = (facts: readonly (readonly [label: string, text: string])[]): string => {
  const width = Math.max(...facts.map(([label]) => label.length));
  const indent = `\n${' '.repeat(width)}${GAP}`;
  return facts
    .map(([label, text]) => {
      const lines = wrapped(text, COLUMNS_MAX - width - GAP.length);
      return `${label.padEnd(width)}${GAP}${lines.join(indent)}\n`;
    })
    .join('');
};
