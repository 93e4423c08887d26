import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunFolder } from '../../lib/agent/exec-folder.ts';
import { createNoticeWriter } from '../../lib/agent/exec-notice.ts';
import { readWorkerFile } from '../../lib/agent/exec-worker-file.ts';
import type { ProgressReport } from '../../lib/agent/runner.ts';
import type { EpochMs } from '../../lib/fleet/time.ts';
import { StaleAttempt } from '../../lib/worker/errors.ts';
import { clock, isAlive, keptLog, type RunChanges, runCommand, textOf, until, untilDead } from './support/commands.ts';

let folder: string;
let stateFolder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-files-'));
  stateFolder = join(folder, 'state');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, changes: RunChanges = {}) => runCommand(command, { stateFolder, ...changes });
const at = (name: string): string => join(folder, name);

/** What a worker writes, as docs/worker.md tells it. */
const SAVE = `save() { printf '%s' "$1" > "$SPOTHOP_CHECKPOINT_FILE.new" && mv "$SPOTHOP_CHECKPOINT_FILE.new" "$SPOTHOP_CHECKPOINT_FILE"; };`;
const WAIT = `wait_stored() { while [ -e "$SPOTHOP_CHECKPOINT_FILE" ] && [ ! -e "$SPOTHOP_STALE_FILE" ]; do sleep 0.02; done; };`;

/** A ledger that keeps what it accepts, in order, with what stood on the disk at that moment. */
const keptCheckpoints = () => {
  const accepted: string[] = [];
  const checkpoint = async (text: string): Promise<void> => void accepted.push(text);
  return { accepted, checkpoint };
};

describe('the input of a command', () => {
  it('is in a file as on standard input', async () => {
    const outcome = await run(
      'cat > "$SPOTHOP_RESULT_FILE.new"; cmp "$SPOTHOP_RESULT_FILE.new" "$SPOTHOP_INPUT_FILE"',
      {
        input: 'line\n\u0000two ✓',
      },
    );
    expect(outcome).toEqual({ kind: 'done', result: '' });
  });

  it('is followed by the last checkpoint, in a file that is not there when there is none', async () => {
    expect(await run('cat "$SPOTHOP_RESUME_FILE"', { resume: 'at 40' })).toEqual({ kind: 'done', result: 'at 40' });
    expect(await run('[ ! -e "$SPOTHOP_RESUME_FILE" ] && echo new')).toEqual({ kind: 'done', result: 'new\n' });
  });
});

describe('a checkpoint of a command', () => {
  it('is stored while it runs, disappears when it is, and is what the next run resumes', async () => {
    const { accepted, checkpoint } = keptCheckpoints();
    const command = `${SAVE} ${WAIT} from=$(cat "$SPOTHOP_RESUME_FILE" 2>/dev/null || echo 0)
      for next in 1 2 3; do save $((from + next)); wait_stored; done; exit 75`;
    expect(await run(command, { checkpoint })).toMatchObject({ kind: 'hand-back' });
    expect(accepted).toEqual(['1', '2', '3']);
    await run(command, { checkpoint, resume: accepted.at(-1) });
    expect(accepted).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('stays where it is until it is stored', async () => {
    const release = new AbortController();
    const seen: string[] = [];
    const file = at('seen');
    const command = `${SAVE} ${WAIT} save one; echo "$SPOTHOP_CHECKPOINT_FILE" > ${file}; wait_stored`;
    const running = run(command, {
      checkpoint: (text) =>
        new Promise((resolve) => {
          seen.push(text);
          release.signal.addEventListener('abort', () => resolve());
        }),
    });
    const path = await textOf(file);
    await until('it is offered', () => seen.length === 1);
    expect(readFileSync(path, 'utf8')).toBe('one');
    release.abort();
    expect((await running).kind).toBe('done');
    expect(seen).toEqual(['one']);
  });

  it('that is replaced while another is being stored is stored next, and none in between', async () => {
    const release = new AbortController();
    const seen: string[] = [];
    const file = at('replaced');
    const command = `${SAVE} ${WAIT} save one; while [ ! -e ${file} ]; do sleep 0.02; done; save two; save three; rm ${file}; wait_stored`;
    let underWay = 0;
    const running = run(command, {
      checkpoint: async (text) => {
        underWay += 1;
        expect(underWay).toBe(1);
        seen.push(text);
        if (!release.signal.aborted)
          await new Promise<void>((resolve) => release.signal.addEventListener('abort', () => resolve()));
        underWay -= 1;
      },
    });
    await until('the first is offered', () => seen.length === 1);
    writeFileSync(file, '');
    await until('the third is there', () => !readdirSync(folder).includes('replaced'));
    release.abort();
    expect((await running).kind).toBe('done');
    expect(seen).toEqual(['one', 'three']);
  });

  it.each([
    ['exit 0', 'done'],
    ['exit 75', 'hand-back'],
    ['exit 3', 'failed'],
    ['kill -s KILL $$', 'failed'],
  ])('written just before %s is stored before the outcome is told', async (end, kind) => {
    const { accepted, checkpoint } = keptCheckpoints();
    const outcome = await run(`${SAVE} save last; ${end}`, { checkpoint });
    expect({ kind: outcome.kind, accepted }).toEqual({ kind, accepted: ['last'] });
  });

  it('written between SIGTERM and the exit is stored before the task is handed back', async () => {
    const { accepted, checkpoint } = keptCheckpoints();
    const file = at('term');
    const ask = new AbortController();
    const command = `${SAVE} trap 'save "as far as it came"; exit 75' TERM; echo $$ > ${file}; while :; do sleep 0.02; done`;
    const running = run(command, { checkpoint, signal: ask.signal });
    await textOf(file);
    ask.abort();
    expect(await running).toEqual({ kind: 'hand-back', reason: 'it asked to be handed back' });
    expect(accepted).toEqual(['as far as it came']);
  });

  it('written by a program behind a shell that died of the SIGTERM is stored as well', async () => {
    const { accepted, checkpoint } = keptCheckpoints();
    const file = at('behind');
    const ask = new AbortController();
    const inner = `trap '${SAVE} sleep 0.2; save late; exit 75' TERM; echo $$ > ${file}; while :; do sleep 0.02; done`;
    const program = at('inner.sh');
    writeFileSync(program, inner);
    const running = run(`sh ${program}; exit $?`, { checkpoint, signal: ask.signal });
    await textOf(file);
    ask.abort();
    expect((await running).kind).toBe('hand-back');
    expect(accepted).toEqual(['late']);
  });

  it('shows that the task saves when it is stopped, and so does one of an earlier attempt', async () => {
    const reports: ProgressReport[] = [];
    const progress = (report: ProgressReport) => void reports.push(report);
    await run('exit 0', { progress });
    expect(reports).toEqual([]);
    await run(`${SAVE} save one`, { progress });
    await run('exit 0', { progress, resume: 'one' });
    expect(reports).toEqual([{ savesWhenStopped: true }, { savesWhenStopped: true }]);
  });

  it('that could not be stored stays, and is offered again at the end', async () => {
    const log = keptLog();
    const seen: string[] = [];
    const running = run(`${SAVE} save one; while [ ! -e ${at('go-on')} ]; do sleep 0.02; done`, {
      log,
      checkpoint: async (text) => {
        seen.push(text);
        if (seen.length === 1) throw new Error('the ledger does not answer');
      },
    });
    await until('it has failed', () => log.lines.length === 1);
    writeFileSync(at('go-on'), '');
    expect((await running).kind).toBe('done');
    expect(seen).toEqual(['one', 'one']);
    expect(log.lines.map(({ message }) => message)).toEqual(['checkpoint not stored']);
  });
});

describe('a checkpoint that is none', () => {
  const refusalOf = async (put: string): Promise<{ accepted: string[]; because: unknown; told: string }> => {
    const log = keptLog();
    const { accepted, checkpoint } = keptCheckpoints();
    const command = `f="$SPOTHOP_CHECKPOINT_FILE"; ${put}; while [ -e "$f" ] || [ -L "$f" ]; do sleep 0.02; done; cat "$SPOTHOP_REFUSED_FILE"`;
    const outcome = await run(command, { log, checkpoint });
    const told = outcome.kind === 'done' ? outcome.result : outcome.reason;
    return { accepted, because: log.lines[0]?.fields['because'], told };
  };

  it.each([
    ['ln -s /etc/passwd "$f"', 'it is a symbolic link'],
    ['ln -s /no/such/file "$f"', 'it is a symbolic link'],
    ['mkdir "$f"; touch "$f/inside"', 'it is a directory'],
    ['mkfifo "$f"', 'it is not a regular file'],
    ['head -c 1048577 /dev/zero > "$f.new"; mv "$f.new" "$f"', 'it is larger than 1048576 bytes'],
    [`printf '\\377\\376' > "$f.new"; mv "$f.new" "$f"`, 'it is not UTF-8 text; encode other data, such as in base64'],
  ])(
    '%s: refused with a word to the log and to the command, followed nowhere, waited for by nobody',
    async (put, why) => {
      expect(await refusalOf(put)).toEqual({
        accepted: [],
        because: why,
        told: `The checkpoint was refused: ${why}.\n`,
      });
    },
  );

  it.runIf(process.geteuid?.() === 0)('is one that belongs to somebody else', async () => {
    const { because } = await refusalOf('echo x > "$f.new"; chown 65534 "$f.new"; mv "$f.new" "$f"');
    expect(because).toBe('it belongs to another user');
  });

  it('is one that is empty: it has not been written yet', async () => {
    const { accepted, checkpoint } = keptCheckpoints();
    await run(': > "$SPOTHOP_CHECKPOINT_FILE"; sleep 0.3; [ -e "$SPOTHOP_CHECKPOINT_FILE" ]', { checkpoint });
    expect(accepted).toEqual([]);
  });

  it('does not keep a later one from being accepted, which takes the refusal back', async () => {
    const { accepted, checkpoint } = keptCheckpoints();
    const command = `${SAVE} ${WAIT} mkfifo "$SPOTHOP_CHECKPOINT_FILE"; wait_stored; [ -e "$SPOTHOP_REFUSED_FILE" ] || exit 1
      save good; wait_stored; [ ! -e "$SPOTHOP_REFUSED_FILE" ]`;
    expect((await run(command, { checkpoint })).kind).toBe('done');
    expect(accepted).toEqual(['good']);
  });
});

describe('a command whose attempt is no longer its own (F50, F52)', () => {
  const stale = async (): Promise<void> => {
    throw new StaleAttempt();
  };

  it('learns it from a file, and is stopped with all it started', async () => {
    const file = at('stale');
    const command = `${SAVE} sh -c 'trap "" TERM; echo $$ > ${file}; while :; do sleep 0.02; done' &
      trap 'cat "$SPOTHOP_STALE_FILE" > ${file}.told; exit 0' TERM
      while [ ! -s ${file} ]; do sleep 0.02; done; save mine; while :; do sleep 0.02; done`;
    const running = run(command, { checkpoint: stale });
    const pid = Number(await textOf(file));
    expect((await running).kind).toBe('done');
    await untilDead(pid);
    expect(await textOf(`${file}.told`)).toMatch(/^This attempt is over/);
  });

  it('is killed at once when the agent says so, however it takes the SIGTERM', async () => {
    const file = at('stale-stubborn');
    const kill = new AbortController();
    const command = `${SAVE} trap '' TERM; echo $$ > ${file}; save mine; while :; do sleep 0.02; done`;
    const running = run(command, {
      killSignal: kill.signal,
      checkpoint: async () => {
        kill.abort();
        throw new StaleAttempt();
      },
    });
    const pid = Number(await textOf(file));
    expect(await running).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
    expect(isAlive(pid)).toBe(false);
  });

  it('learns it from the agent as well: the file is there before the one SIGTERM, and nothing is offered', async () => {
    const file = at('stale-told');
    const [stop, stale] = [new AbortController(), new AbortController()];
    const { accepted, checkpoint } = keptCheckpoints();
    const command = `${SAVE} trap 'cat "$SPOTHOP_STALE_FILE" >> ${file}.told; save late; touch ${file}.termed' TERM
      echo $$ > ${file}; while [ ! -e ${file}.termed ]; do sleep 0.02; done; sleep 0.2; exit 75`;
    const running = run(command, { checkpoint, signal: stop.signal, staleSignal: stale.signal });
    await textOf(file);
    stale.abort();
    stop.abort();
    expect((await running).kind).toBe('hand-back');
    expect((await textOf(`${file}.told`)).match(/This attempt is over/g)).toHaveLength(1);
    expect(accepted).toEqual([]);
  });

  it('has nothing more of it offered', async () => {
    let offers = 0;
    const command = `${SAVE} trap 'save again; exit 75' TERM; save mine; while :; do sleep 0.02; done`;
    await run(command, {
      checkpoint: async () => {
        offers += 1;
        throw new StaleAttempt();
      },
    });
    expect(offers).toBe(1);
  });
});

describe('the notice file', () => {
  const deadline = 1_767_225_600_000 as EpochMs;
  const noticed = (signal: AbortSignal): RunChanges => ({
    noticeSignal: signal,
    noticeReason: () => 'spot-interruption',
    deadline: () => (signal.aborted ? deadline : undefined),
  });

  it('appears while the command runs, whole, with the deadline and the reason', async () => {
    const file = at('noticed');
    const notice = new AbortController();
    const command = `[ ! -e "$SPOTHOP_NOTICE_FILE" ] && echo $$ > ${file}
      until [ -e "$SPOTHOP_NOTICE_FILE" ]; do :; done; cat "$SPOTHOP_NOTICE_FILE"`;
    const running = run(command, noticed(notice.signal));
    await textOf(file);
    notice.abort();
    const outcome = await running;
    expect(JSON.parse((outcome as { result: string }).result)).toEqual({
      deadline: '2026-01-01T00:00:00.000Z',
      secondsLeft: 0,
      reason: 'spot-interruption',
    });
  });

  it('is there from the start on a machine that drains already', async () => {
    const outcome = await run('cat "$SPOTHOP_NOTICE_FILE"', noticed(AbortSignal.abort()));
    expect(outcome).toMatchObject({ kind: 'done', result: expect.stringContaining('2026-01-01') });
  });

  it('is written again when the deadline comes nearer', async () => {
    const file = at('nearer');
    let nearest = deadline;
    const command = `echo $$ > ${file}; until grep -q 2025-12-31 "$SPOTHOP_NOTICE_FILE"; do sleep 0.02; done`;
    const running = run(command, { ...noticed(AbortSignal.abort()), deadline: () => nearest });
    await textOf(file);
    nearest = (deadline - 60_000) as EpochMs;
    expect((await running).kind).toBe('done');
  });

  it('comes although a checkpoint takes its time', async () => {
    const notice = new AbortController();
    const release = new AbortController();
    const command = `${SAVE} save one; until [ -e "$SPOTHOP_NOTICE_FILE" ]; do sleep 0.02; done`;
    const running = run(command, {
      ...noticed(notice.signal),
      checkpoint: () => {
        notice.abort();
        return new Promise((resolve) => release.signal.addEventListener('abort', () => resolve()));
      },
    });
    await until('the command goes on', () => notice.signal.aborted);
    release.abort();
    expect((await running).kind).toBe('done');
  });
});

it('a deadline that comes nearer while the notice is written is what stands there in the end', async () => {
  const disk = Promise.withResolvers<void>();
  let stands = '';
  let writes = 0;
  const folder = {
    write: async (_name: string, text: string) => {
      writes += 1;
      if (writes === 1) await disk.promise;
      stands = text;
    },
  } as unknown as RunFolder;
  const write = createNoticeWriter(folder, clock);
  const [far, near] = [120_000, 60_000].map((ms) => (clock.now() + ms) as EpochMs);
  const first = write({ deadline: far, reason: 'spot-interruption' });
  const second = write({ deadline: near, reason: 'spot-interruption' });
  disk.resolve();
  await Promise.all([first, second]);
  expect(JSON.parse(stands).deadline).toBe(new Date(near!).toISOString());
});

describe('the progress file', () => {
  const reportsOf = async (text: string): Promise<ProgressReport[]> => {
    const reports: ProgressReport[] = [];
    const command = `f="$SPOTHOP_PROGRESS_FILE"; printf '%s' '${text}' > "$f.new"; mv "$f.new" "$f"; while [ -e "$f" ]; do sleep 0.02; done`;
    expect((await run(command, { progress: (report) => void reports.push(report) })).kind).toBe('done');
    return reports;
  };

  it('is read and removed', async () => {
    expect(await reportsOf('{"share":0.4,"secondsLeft":90,"savesWhenStopped":true}')).toEqual([
      { share: 0.4, secondsLeft: 90, savesWhenStopped: true },
    ]);
  });

  it.each(['half', '[]x', '"text"', 'null'])('that says %s says nothing', async (text) => {
    expect(await reportsOf(text)).toEqual([]);
  });

  it('is a hint: what cannot be true is left out', async () => {
    expect(await reportsOf('{"share":7,"secondsLeft":"soon"}')).toEqual([{}]);
  });
});

describe('the result file', () => {
  it('counts before standard output, and only at exit 0', async () => {
    expect(await run('echo log; printf 42 > "$SPOTHOP_RESULT_FILE"')).toEqual({ kind: 'done', result: '42' });
    expect(await run('printf 42 > "$SPOTHOP_RESULT_FILE"; exit 1')).toEqual({ kind: 'failed', reason: 'exit code 1' });
  });

  it('may be empty', async () => {
    expect(await run('echo log; : > "$SPOTHOP_RESULT_FILE"')).toEqual({ kind: 'done', result: '' });
  });

  it.each([
    ['ln -s /etc/passwd "$SPOTHOP_RESULT_FILE"', 'it is a symbolic link'],
    ['mkfifo "$SPOTHOP_RESULT_FILE"', 'it is not a regular file'],
    ['head -c 1048577 /dev/zero > "$SPOTHOP_RESULT_FILE"', 'it is larger than 1048576 bytes'],
  ])('%s: refused, and nothing of it is anybody’s result', async (command, why) => {
    expect(await run(command)).toEqual({ kind: 'failed', reason: `its result was refused: ${why}` });
  });
});

describe('the private folder', () => {
  it('is gone after the run, whatever the command made of it', async () => {
    const log = keptLog();
    await run(
      'cd "$(dirname "$SPOTHOP_INPUT_FILE")"; mkdir -p a/b; touch a/b/c; ln -s / root; chmod 000 a/b a .; exit 1',
      { log },
    );
    expect(readdirSync(stateFolder)).toEqual([]);
    expect(readdirSync('/').length).toBeGreaterThan(1);
  });

  it('may be removed by the command itself, which costs it its files and nothing else', async () => {
    const notice = new AbortController();
    const file = at('removed');
    const running = run(`rm -rf "$(dirname "$SPOTHOP_INPUT_FILE")"; echo $$ > ${file}; sleep 0.4; echo fine`, {
      noticeSignal: notice.signal,
    });
    await textOf(file);
    notice.abort();
    expect(await running).toEqual({ kind: 'done', result: 'fine\n' });
  });
});

describe('a file that is read while it changes', () => {
  it('is removed only if it is the one that was read', async () => {
    const path = at('one-of-two');
    writeFileSync(path, 'one');
    const file = await readWorkerFile(path, 100);
    writeFileSync(`${path}.new`, 'two');
    rmSync(path);
    writeFileSync(path, 'two');
    file?.remove();
    await file?.close();
    expect(readFileSync(path, 'utf8')).toBe('two');
    const second = await readWorkerFile(path, 100);
    second?.remove();
    await second?.close();
    expect(await readWorkerFile(path, 100)).toBeUndefined();
  });

  it('is not taken for another with its number: it stays open until it is done with', async () => {
    const path = at('same-inode');
    for (let round = 0; round < 50; round += 1) {
      writeFileSync(path, 'aaa');
      const file = await readWorkerFile(path, 100);
      rmSync(path);
      writeFileSync(path, 'bbb');
      file?.remove();
      await file?.close();
      expect(readFileSync(path, 'utf8')).toBe('bbb');
      rmSync(path);
    }
  });
});
