const HTML_ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => HTML_ENTITIES[character]!);

/** One line without control or direction-changing characters, for a subject, a heading, a line of plain text. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();

/** What a spreadsheet takes for the beginning of a formula, full-width forms included (OWASP, CSV injection). */
const FORMULA_START = /^[\s]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

/**
 * One cell. Text that could begin a formula gets an apostrophe in front, which spreadsheets show as text; numbers are our
 * own and stay numbers, negative ones too.
 */
export const csvCell = (cell: string | number): string => {
  if (typeof cell === 'number') return String(cell);
  const guarded = FORMULA_START.test(cell) ? `'${cell}` : cell;
  return /[",\r\n']/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
};

export const csvText = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
