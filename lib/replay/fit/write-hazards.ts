import type { LearnedHazards } from '../../decisions/purchase/hazard-model.ts';
import { TRAINING_FILE } from './fit-hazards.ts';

const HEADER = `// Learned by \`npm run fit\`, which writes this file anew; do not edit it.
// Source: ${TRAINING_FILE}: availability of p3.2xlarge in nine zones of three regions,
// 2023-02-15 to 2023-04-02, from FrontierCS/Frontier-CS (MIT), after skypilot-org/spot-traces.
// Nothing of the 2022 collection, on which the single-pool suites are scored, was read.`;

/** The text of the file in which the learned hazards are kept. */
export const hazardsSource = (hazards: LearnedHazards): string => `${HEADER}
import type { LearnedHazards } from './hazard-model.ts';

export const LEARNED_HAZARDS: LearnedHazards = ${JSON.stringify(hazards, undefined, 1)
  .replaceAll(/\[\s+(?=[\d-])/g, '[')
  .replaceAll(/(?<=\d)\s+\]/g, ']')
  .replaceAll(/(?<=\d,)\s+(?=[\d-])/g, ' ')};
`;
