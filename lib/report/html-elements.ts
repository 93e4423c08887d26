import { escapeHtml } from './escape.ts';

/**
 * The few elements that every mail reader draws alike: tables with inline styles. Colours are plain and named by the
 * classes that the dark scheme overrides; a reader without `<style>` shows the light ones.
 */
const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const INK = 'color:#1b2733';
const QUIET = 'color:#5b6b7a';
const RULE = 'border-bottom:1px solid #e3e8ed';

/** Distinguishable without colour vision, and against both backgrounds. */
export const BAR_COLOURS = { spot: '#2f7d6d', free: '#8fc7a5', onDemand: '#d98236' } as const;

const STYLE = `
  @media (prefers-color-scheme: dark) {
    .page { background: #11181f !important; }
    .card { background: #1a232c !important; }
    .ink { color: #eef2f5 !important; }
    .quiet { color: #a3b1be !important; }
    .rule { border-color: #32404d !important; }
  }`;

export const html = {
  /** Raw markup in, a whole page out; `title` is text. */
  page: (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f2f5f7">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f5f7;${FONT}">
<tr><td align="center" style="padding:16px 8px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;background:#ffffff;border-radius:8px">
<tr><td style="padding:24px 20px">
${body}
</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`,
  title: (text: string): string =>
    `<h1 class="ink" style="margin:0 0 4px;font-size:24px;line-height:30px;${INK}">${escapeHtml(text)}</h1>`,
  heading: (text: string): string =>
    `<h2 class="ink" style="margin:24px 0 4px;font-size:16px;line-height:22px;${INK}">${escapeHtml(text)}</h2>`,
  note: (text: string): string =>
    `<p class="quiet" style="margin:4px 0;font-size:13px;line-height:18px;${QUIET}">${escapeHtml(text)}</p>`,
  notice: (text: string): string =>
    `<p style="margin:0 0 12px;padding:8px 12px;font-size:14px;line-height:20px;background:#fff3d6;color:#5c4300;border-radius:4px">${escapeHtml(text)}</p>`,
  table: (rows: readonly string[]): string =>
    `<table width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse">\n${rows.join('\n')}\n</table>`,
  row: (cells: readonly string[]): string => `<tr>${cells.join('')}</tr>`,
  nameCell: (text: string, detail = ''): string =>
    `<td class="ink rule" style="padding:6px 8px 6px 0;font-size:14px;line-height:20px;${INK};${RULE}">${escapeHtml(text)}${
      detail && `<br><span class="quiet" style="font-size:12px;${QUIET}">${escapeHtml(detail)}</span>`
    }</td>`,
  valueCell: (text: string): string =>
    `<td align="right" class="ink rule" style="padding:6px 0 6px 8px;font-size:14px;line-height:20px;${INK};${RULE}">${escapeHtml(text)}</td>`,
  headCell: (text: string, align: 'left' | 'right'): string =>
    `<th align="${align}" class="quiet rule" style="padding:6px 0 6px ${align === 'left' ? 0 : 8}px;font-size:12px;font-weight:600;${QUIET};${RULE}">${escapeHtml(text)}</th>`,
  barCell: (colour: string, percentWide: number): string =>
    `<td width="${percentWide}%" style="width:${percentWide}%;height:14px;font-size:0;line-height:0;background:${colour}">&nbsp;</td>`,
  legendEntry: (colour: string, text: string): string =>
    `<span style="color:${colour}">&#9632;</span>&nbsp;<span class="ink" style="${INK}">${escapeHtml(text)}</span>`,
  legend: (entries: readonly string[]): string =>
    `<p style="margin:6px 0 0;font-size:13px;line-height:20px">${entries.join(' &nbsp; ')}</p>`,
} as const;
