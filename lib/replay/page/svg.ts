/** Text that may stand in an SVG. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export const place = (value: number): string => String(Number(value.toFixed(2)));

export interface TextAt {
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly kind?: string;
}

export const text = (words: string, { x, y, anchor = 'start', kind = 'label' }: TextAt): string =>
  `<text class="${kind}" x="${place(x)}" y="${place(y)}" text-anchor="${anchor}">${escaped(words)}</text>`;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const box = (kind: string, { x, y, width, height }: Box): string =>
  `<rect class="${kind}" x="${place(x)}" y="${place(y)}" width="${place(width)}" height="${place(height)}"/>`;

export const line = (kind: string, points: readonly (readonly [x: number, y: number])[]): string =>
  `<polyline class="${kind}" points="${points.map(([x, y]) => `${place(x)},${place(y)}`).join(' ')}"/>`;

/**
 * Colours that stay apart for the colour-blind (Okabe and Ito), lighter on a dark page. The ground is the page's own.
 */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .note { fill: #59636e; font-size: 12px; }
  .axis { fill: none; stroke: #8c959f; stroke-width: 1; }
  .grid { fill: none; stroke: #d1d9e0; stroke-width: 1; }
  polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .spothop { stroke: #0072b2; stroke-width: 3.5; }
  .uniform-progress { stroke: #d55e00; }
  .greedy { stroke: #007a58; stroke-dasharray: 7 4; }
  .on-demand { stroke: #59636e; stroke-dasharray: 2 4; }
  .optimum { stroke: #59636e; }
  .had { fill: #c5dff0; }
  .spot { fill: #0072b2; }
  .paid { fill: #d55e00; }
  .free { fill: #eaeef2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .axis { stroke: #6e7681; }
    .grid { stroke: #30363d; }
    .spothop { stroke: #56b4e9; }
    .uniform-progress { stroke: #f0883e; }
    .greedy { stroke: #2bc79a; }
    .on-demand, .optimum { stroke: #9198a1; }
    .had { fill: #1f4a66; }
    .spot { fill: #56b4e9; }
    .paid { fill: #f0883e; }
    .free { fill: #21262d; }
  }
`;

/** A whole picture. `told` is what it shows, for those who cannot see it. */
export const picture = (width: number, height: number, told: string, parts: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(told)}</title>`,
    `<style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
