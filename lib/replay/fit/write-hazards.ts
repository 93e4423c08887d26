import type { HazardModel, LearnedHazards, Regime } from '../../decisions/purchase/hazard-model.ts';
import { TRAINING_FILE } from './fit-hazards.ts';

const HEADER = `// Learned by \`npm run fit\`, which writes this file anew; do not edit it.
// Source: ${TRAINING_FILE}: availability of p3.2xlarge in nine zones of three regions,
// 2023-02-15 to 2023-04-02, from FrontierCS/Frontier-CS (MIT), after skypilot-org/spot-traces.
// Nothing of the 2022 collection, on which the single-pool suites are scored, was read.`;

/** As the formatter leaves it, so that the same fit gives the same file. */
const LINE_WIDTH = 120;

const indented = (indent: number, text: string): string => ' '.repeat(indent) + text;

/** Numbers on one line if they fit, else as many a line as do. */
const numbersSource = (indent: number, name: string, numbers: readonly number[]): string => {
  const line = indented(indent, `${name}: [${numbers.join(', ')}],`);
  if (line.length <= LINE_WIDTH) return line;
  const lines: string[] = [];
  for (const number of numbers) {
    const last = lines.at(-1);
    const longer = `${last} ${number},`;
    if (last === undefined || longer.length > LINE_WIDTH) lines.push(indented(indent + 2, `${number},`));
    else lines[lines.length - 1] = longer;
  }
  return [indented(indent, `${name}: [`), ...lines, indented(indent, '],')].join('\n');
};

const regimeSource = ({ entryShare, redrawChance, lossByAge, returnByAge }: Regime): string =>
  [
    indented(8, '{'),
    indented(10, `entryShare: ${entryShare},`),
    indented(10, `redrawChance: ${redrawChance},`),
    numbersSource(10, 'lossByAge', lossByAge),
    numbersSource(10, 'returnByAge', returnByAge),
    indented(8, '},'),
  ].join('\n');

const modelSource = ({ stepSeconds, regimes }: HazardModel): string =>
  [
    indented(4, '{'),
    indented(6, `stepSeconds: ${stepSeconds},`),
    indented(6, 'regimes: ['),
    ...regimes.map(regimeSource),
    indented(6, '],'),
    indented(4, '},'),
  ].join('\n');

/** The text of the file in which the learned hazards are kept. */
export const hazardsSource = ({ regimes }: LearnedHazards): string => `${HEADER}
import type { LearnedHazards } from './hazard-model.ts';

export const LEARNED_HAZARDS: LearnedHazards = {
  regimes: [
${regimes.map(modelSource).join('\n')}
  ],
};
`;
