import { type Amount, divideRounded } from './micros.ts';

/** AWS bills in USD. Another currency comes with the rate it was stated at; a report shows one currency only. */
export interface ReportCurrency {
  /** ISO 4217. */
  readonly code: string;
  /** Units of this currency for one USD; 1 for USD itself. */
  readonly perUsd: number;
}

export const US_DOLLAR: ReportCurrency = { code: 'USD', perUsd: 1 };

const MICROS = 1_000_000;

/** Micro-units for one USD, whole: the rate is applied exactly as the report prints it. */
export const perUsdMicros = ({ code, perUsd }: ReportCurrency): number => {
  const rate = Math.round(perUsd * MICROS);
  if (!Number.isSafeInteger(rate) || rate <= 0) {
    throw new Error(`The rate of ${code} is ${perUsd} per USD; state a number above 0.`);
  }
  if (code === 'USD' && rate !== MICROS) {
    throw new Error(`One USD is stated as ${perUsd} USD: name the currency that this rate is for.`);
  }
  return rate;
};

export const convertMicros = (microUsd: Amount, currency: ReportCurrency): Amount =>
  microUsd === 'unknown' ? 'unknown' : divideRounded(BigInt(microUsd) * BigInt(perUsdMicros(currency)), BigInt(MICROS));
