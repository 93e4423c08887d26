import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOffsetEstimate, type DatedAnswer } from '../../lib/clock/offset-estimate.ts';

const wholeSecond = (ms: number): number => Math.floor(ms / 1_000) * 1_000;

/** An answer whose date was read off a clock that is `offsetMs` ahead, somewhere between request and reply. */
const answerOf = (offsetMs: number, sentAtMs: number, tookMs: number, share = 0.5): DatedAnswer => ({
  dateMs: wholeSecond(sentAtMs + tookMs * share + offsetMs),
  sentAtMs,
  receivedAtMs: sentAtMs + tookMs,
});

const anExchange = fc.record({
  gapMs: fc.nat({ max: 20_000 }),
  tookMs: fc.nat({ max: 900 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('the estimate of the service’s time', () => {
  it('that is right is never corrected, whatever the seconds are cut off and however long answers take', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e12 }), fc.array(anExchange, { maxLength: 60 }), (offsetMs, exchanges) => {
        const estimate = createOffsetEstimate(offsetMs);
        let atMs = 0;
        for (const { gapMs, tookMs, share } of exchanges) {
          atMs += gapMs;
          estimate.observe(answerOf(offsetMs, atMs, tookMs, share), offsetMs);
          if (estimate.offsetMs() !== offsetMs) return false;
          atMs += tookMs;
        }
        return true;
      }),
      { numRuns: 300 },
    );
  });

  it('is within a second and the first answer’s time of the truth from that answer on', () => {
    const wrong = fc.integer({ min: -86_400_000, max: 86_400_000 });
    fc.assert(
      fc.property(wrong, fc.array(anExchange, { minLength: 1, maxLength: 60 }), (wrongByMs, exchanges) => {
        const offsetMs = 1_767_225_600_123;
        const estimate = createOffsetEstimate(offsetMs + wrongByMs);
        let atMs = 0;
        return exchanges.every(({ gapMs, tookMs, share }) => {
          atMs += gapMs;
          estimate.observe(answerOf(offsetMs, atMs, tookMs, share), offsetMs + wrongByMs);
          atMs += tookMs;
          return Math.abs(estimate.offsetMs() - offsetMs) <= 1_000 + exchanges[0]!.tookMs;
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is moved no further than the answer demands', () => {
    const ahead = createOffsetEstimate(5_000);
    ahead.observe({ dateMs: 0, sentAtMs: 10, receivedAtMs: 30 }, 5_000);
    expect(ahead.offsetMs()).toBe(990);
    const behind = createOffsetEstimate(-5_000);
    behind.observe({ dateMs: 0, sentAtMs: 10, receivedAtMs: 30 }, -5_000);
    expect(behind.offsetMs()).toBe(-30);
  });

  it('grows sharper with every answer', () => {
    const estimate = createOffsetEstimate(600_000);
    const errors: number[] = [];
    for (let count = 0; count < 40; count += 1) {
      estimate.observe(answerOf(500, count * 5_137, 20), 600_000);
      errors.push(Math.abs(estimate.offsetMs() - 500));
    }
    expect(errors[0]).toBeLessThanOrEqual(1_020);
    expect(errors.at(-1)).toBeLessThanOrEqual(250 + 250);
  });

  it('one odd date changes nothing, nor do several of one moment', () => {
    const estimate = createOffsetEstimate(0);
    estimate.observe(answerOf(0, 0, 20), 0);
    for (const sentAtMs of [10_000, 10_001, 10_200]) {
      estimate.observe({ dateMs: 3_000, sentAtMs, receivedAtMs: sentAtMs + 20 }, 0);
    }
    estimate.observe(answerOf(0, 12_000, 20), 0);
    estimate.observe({ dateMs: 5_000, sentAtMs: 13_000, receivedAtMs: 13_020 }, 0);
    expect(estimate.offsetMs()).toBe(0);
  });

  it('a contradiction that is repeated a second later is followed, forwards and backwards', () => {
    for (const jumpMs of [3_600_000, -3_600_000]) {
      const estimate = createOffsetEstimate(0);
      estimate.observe(answerOf(0, 0, 20), 0);
      estimate.observe(answerOf(jumpMs, 10_000, 20), 0);
      expect(estimate.offsetMs()).toBe(0);
      estimate.observe(answerOf(jumpMs, 11_100, 20), 0);
      expect(Math.abs(estimate.offsetMs() - jumpMs)).toBeLessThanOrEqual(1_020);
    }
  });

  it('a contradiction that the machine’s own date agrees with is followed at once: it was suspended', () => {
    const estimate = createOffsetEstimate(0);
    estimate.observe(answerOf(0, 0, 20), 0);
    estimate.observe(answerOf(3_600_000, 10_000, 20), 3_600_000);
    expect(Math.abs(estimate.offsetMs() - 3_600_000)).toBeLessThanOrEqual(1_020);
  });

  it('follows a steady clock that drifts by 100 millionths for a day', () => {
    const boundMs = 1_000 + 250 + 20 + 1;
    const estimate = createOffsetEstimate(0);
    for (let atMs = 0; atMs < 86_400_000; atMs += 5_000) {
      const offsetMs = atMs * 0.000_1;
      estimate.observe(answerOf(offsetMs, atMs, 20), 0);
      expect(Math.abs(estimate.offsetMs() - offsetMs)).toBeLessThanOrEqual(boundMs);
    }
  });
});
