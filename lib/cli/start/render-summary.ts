import { auditCommand } from './record-file.ts';
import type { Percentiles, RunSummary } from './summary.ts';

const seconds = (ms: number | null): string => (ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`);

const latency = ({ p50, p99, max }: Percentiles): string =>
  `p50 ${seconds(p50)}, p99 ${seconds(p99)}, max ${seconds(max)}`;

const amount = (value: number | 'unknown', currency: string): string =>
  value === 'unknown' ? 'unknown' : `${value.toFixed(4)} ${currency}`;

const moneyLine = ({ spent, onDemandWouldBe, savedPercent, currency }: RunSummary['money']): string =>
  `${amount(spent, currency)} spent, ${amount(onDemandWouldBe, currency)} on demand, saved ${
    savedPercent === 'unknown' ? 'unknown' : `${savedPercent.toFixed(1)} %`
  }`;

/** The end of a run, for people. */
export const renderSummary = (summary: RunSummary): readonly string[] => {
  const { tasks, interruptions, instances, latencyMs } = summary;
  return [
    '',
    `tasks          ${tasks.submitted} submitted, ${tasks.done} done, ${tasks.dead} dead, ${tasks.lost} lost, ${tasks.doubleCommits} committed twice`,
    `               ${tasks.attempts} attempts, ${tasks.reclaims} reclaims, ${tasks.fencedOff} late commits fenced off`,
    `interruptions  ${interruptions.warned} warned, ${interruptions.unwarned} without warning, ${interruptions.rebalances} rebalance recommendations`,
    `machines       ${instances.launched} launched: ${instances.spot} spot, ${instances.onDemand} on demand; ${instances.leftRunning} left running`,
    `notice → draining           ${latency(latencyMs.noticeToDraining)}`,
    `notice → task ready again   ${latency(latencyMs.noticeToTaskReady)}`,
    `notice → replacement asked  ${latency(latencyMs.noticeToReplacementAsked)}`,
    `money          ${moneyLine(summary.money)} (service time)`,
    `result         ${summary.result.check}`,
    ...(summary.results === null ? [] : [`               each task's end is in ${summary.results}`]),
    ...summary.scripted.map((line) => `               ${line}`),
    ...summary.market.map((line) => `               ${line}`),
    `time           ${summary.timeFactor} × the wall clock, ${summary.wallSeconds} s of which passed; seed ${summary.seed}`,
    `report         ${summary.report.html ?? 'none'}`,
    `mail           ${summary.report.eml ?? 'none'}`,
    `record         ${summary.record}`,
    `audit          ${auditCommand(summary.record)}`,
    '',
    summary.held
      ? 'Everything held.'
      : `NOT everything held:\n${summary.problems.map((problem) => `  - ${problem}`).join('\n')}`,
  ];
};
