import type { Random } from '../ports/random.ts';

export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** A figure of one run, and the hours of the trace that it shares with others. */
export interface Sample {
  readonly value: number;
  readonly block: string;
  /** What it counts; 1 when left out. */
  readonly weight?: number;
}

const DRAWS = 1_000;
const TAIL_SHARE = 0.025;

interface Block {
  readonly sum: number;
  readonly weight: number;
}

const blocksOf = (samples: readonly Sample[]): readonly Block[] =>
  [...Map.groupBy(samples, ({ block }) => block).values()].map((ofBlock) => ({
    sum: ofBlock.reduce((sum, { value, weight = 1 }) => sum + value * weight, 0),
    weight: ofBlock.reduce((sum, { weight = 1 }) => sum + weight, 0),
  }));

const drawnMean = (blocks: readonly Block[], random: Random): number => {
  let sum = 0;
  let weight = 0;
  for (let draw = 0; draw < blocks.length; draw += 1) {
    const block = blocks[Math.floor(random() * blocks.length)]!;
    sum += block.sum;
    weight += block.weight;
  }
  return sum / weight;
};

/**
 * Where the mean lies in 95 of 100 redrawings. Windows that share hours of a trace are drawn together, because they are
 * few independent samples however many there are (the block bootstrap; Künsch 1989).
 */
export const meanInterval = (samples: readonly Sample[], random: Random): Interval => {
  const blocks = blocksOf(samples);
  const means = Float64Array.from({ length: DRAWS }, () => drawnMean(blocks, random)).sort();
  return { from: means[Math.floor(TAIL_SHARE * DRAWS)]!, to: means[Math.ceil((1 - TAIL_SHARE) * DRAWS) - 1]! };
};
