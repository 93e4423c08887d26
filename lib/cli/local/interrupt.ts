import { BY_HAND_SERVICE, type InterruptedMachine, type Interruption } from '../../local/ec2/by-hand.ts';
import { printable } from '../../signals/printable.ts';
import { errorLine } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CliWorld } from '../world.ts';

export interface InterruptOptions {
  readonly all?: true;
  readonly rebalance?: true;
  readonly withoutWarning?: true;
  readonly json?: true;
}

type Asked =
  | { readonly ok: true; readonly machines: readonly InterruptedMachine[] }
  | { readonly ok: false; readonly error: string };

const NOT_THERE = errorLine(
  'local cloud',
  'none answers',
  'run `spothop local` in another terminal, and export here what it prints',
);

const howOf = ({ rebalance, withoutWarning }: InterruptOptions): Interruption => {
  if (withoutWarning) return 'kill';
  return rebalance ? 'rebalance' : 'notice';
};

const isLoopback = (endpoint: string): boolean => /^http:\/\/127\.0\.0\.1:\d+\/?$/.test(endpoint);

/** As any AWS call, but for the signature itself, which the local cloud does not check. */
const ask = async (ids: readonly string[], options: InterruptOptions, world: CliWorld): Promise<Asked> => {
  const { AWS_ENDPOINT_URL: endpoint = '', AWS_ACCESS_KEY_ID: key = '' } = world.environment;
  if (!isLoopback(endpoint)) return { ok: false, error: NOT_THERE };
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20260101/us-east-1/${BY_HAND_SERVICE}/aws4_request, SignedHeaders=host, Signature=0`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ how: howOf(options), ...(options.all ? {} : { instanceIds: ids }) }),
    });
    const text = await response.text();
    if (response.ok) return { ok: true, machines: JSON.parse(text) as readonly InterruptedMachine[] };
    const why = `it refused, with status ${response.status}: ${printable(text, 300)}`;
    return { ok: false, error: errorLine('local cloud', why, 'export anew what `spothop local` prints') };
  } catch {
    return { ok: false, error: NOT_THERE };
  }
};

const DONE: Readonly<Record<Interruption, string>> = {
  notice: 'has its notice; EC2 takes it two minutes of service time from now',
  rebalance: 'has its rebalance recommendation',
  kill: 'is taken without a warning',
};

const usageFault = (ids: readonly string[], options: InterruptOptions): string | undefined => {
  if ((ids.length === 0) === (options.all === undefined)) return 'name machines, or say --all';
  return options.rebalance && options.withoutWarning ? 'choose --rebalance or --without-warning' : undefined;
};

/** `spothop local interrupt`: what the market does to spot machines, done by hand. */
export const interruptMachines = async (
  ids: readonly string[],
  options: InterruptOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const fault = usageFault(ids, options);
  if (fault !== undefined) {
    world.stderr(`usage: ${fault}; add --help to see what is accepted\n`);
    return EXIT.usage;
  }
  const asked = await ask(ids, options, world);
  if (!asked.ok) {
    world.stderr(asked.error);
    return EXIT.failedCheck;
  }
  if (asked.machines.length === 0) world.stderr('No spot machine is running.\n');
  for (const { instanceId, refused } of asked.machines) {
    const text =
      refused === undefined ? `${instanceId} ${DONE[howOf(options)]}` : `${printable(instanceId, 100)}: ${refused}`;
    world.stdout(
      options.json
        ? `${JSON.stringify({ instanceId, outcome: refused === undefined ? 'done' : 'refused', ...(refused && { because: refused }) })}\n`
        : `${text}\n`,
    );
  }
  return asked.machines.every(({ refused }) => refused === undefined) ? EXIT.ok : EXIT.failedCheck;
};
