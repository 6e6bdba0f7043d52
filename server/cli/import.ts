// fusescope import: logs as recordings, streamed to the server; or followed while they grow, by a collector.
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { type ImportAnswer, LOG_FORMATS } from '../../shared/import.ts';
import { formatCount } from '../../shared/units.ts';
import type { ReadReport } from '../../shared/wire/log-frames.ts';
import { endWithParent } from '../process/parent.ts';
import { defaultSocket } from '../process/places.ts';
import { program } from '../setup/paths.ts';
import type { ServerFlags } from './client.ts';
import { serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { Progress } from './progress.ts';
import { visible } from './table.ts';
import { upload } from './upload.ts';

interface ImportFlags extends ServerFlags {
  format: string;
  mount?: string;
  name?: string;
  follow?: boolean;
  socket: string;
}

export function importCommand(): Command {
  return serverCommand(
    'import',
    'fusescope import /var/log/gcsfuse.log.gz\n         fusescope import --follow app.log --mount /mnt/music',
  )
    .description('Make recordings of logs of other programs, or of our own exports ("-": standard input).')
    .argument('<files...>', 'logs, plain or packed with gzip or zstd')
    .addOption(
      new Option('--format <format>', 'auto: told by the first lines')
        .choices([...LOG_FORMATS])
        .default('auto'),
    )
    .option('--mount <name>', 'mount point of their operations; with strace only calls below it are taken')
    .option('--name <name>', 'name of the recording; else that of the file')
    .option('--follow', 'go on as the log grows, through rotation, and show it live, until Ctrl-C')
    .option('--socket <path>', 'with --follow: ingest socket of the server', defaultSocket())
    .option('--json', 'one JSON object a log')
    .action(async (files: string[], flags: ImportFlags) => {
      if (flags.follow) return follow(files, flags);
      let failed = false;
      for (const file of files) {
        try {
          report(await send(file, flags), flags.json);
        } catch (error) {
          if (files.length === 1 || !(error instanceof CliError) || error.status === 2) throw error;
          // One log that cannot be read keeps none of the others away.
          failed = true;
          process.stderr.write(`fusescope: ${file}: ${error.message}\n`);
        }
      }
      if (failed) process.exitCode = 1;
    });
}

async function send(file: string, flags: ImportFlags): Promise<ImportAnswer> {
  const isInput = file === '-';
  const facts = isInput ? null : await stat(file).catch((error: Error) => error);
  if (facts instanceof Error)
    throw new CliError(`${file} cannot be read (${facts.message}). Name a file that is there`);
  if (facts?.isDirectory()) throw new CliError(`${file} is a directory. Name the log in it`);
  const source = isInput ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
  const progress = new Progress(isInput ? 'standard input' : basename(file), facts?.size ?? null);
  try {
    const answer = await upload<ImportAnswer>(
      flags,
      '/api/import',
      {
        format: flags.format,
        mount: flags.mount,
        name: (flags.name ?? (isInput ? 'log' : basename(file))).slice(0, 200),
        modified: facts ? String(Math.round(facts.mtimeMs * 1_000)) : undefined,
      },
      progress.count(source),
    );
    return { ...answer, file };
  } finally {
    progress.end();
  }
}

function report(answer: ImportAnswer, json: boolean | undefined): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return;
  }
  const { file, recording, format, stalls, patterns } = answer;
  process.stdout.write(`${visible(file)}: recording ${recording}, read as ${format}\n`);
  process.stdout.write(counts(answer));
  process.stdout.write(
    `  ${formatCount(stalls).text} stalls, ${formatCount(patterns).text} error patterns\n`,
  );
  for (const { line, reason, text } of answer.rejections)
    process.stdout.write(
      `  line ${line} was rejected (${visible(reason)}): ${visible(text.slice(0, 100))}\n`,
    );
  if (patterns > 0)
    process.stdout.write(`  fusescope errors --recording ${recording} shows what went wrong\n`);
}

function counts(report: ReadReport): string {
  const named: readonly [keyof ReadReport, string][] = [
    ['lines', 'lines'],
    ['spans', 'operations'],
    ['open', 'open'],
    ['unpaired', 'unpaired'],
    ['foreign', 'foreign'],
    ['rejected', 'rejected'],
  ];
  return `  ${named.map(([key, name]) => `${formatCount(report[key] as number).text} ${name}`).join(', ')}\n`;
}

/** One collector for each log, until Ctrl-C. */
async function follow(files: string[], flags: ImportFlags): Promise<void> {
  const statuses = await Promise.all(files.map((file) => followOne(file, flags)));
  process.exitCode = Math.max(...statuses);
}

async function followOne(file: string, flags: ImportFlags): Promise<number> {
  if (file === '-') throw new CliError('standard input cannot be followed. Import it without --follow', 2);
  const path = resolve(file);
  const args = ['--follow', path, '--format', flags.format, '--name', flags.name ?? basename(file)];
  if (flags.mount !== undefined) args.push('--mount', flags.mount);
  const child = spawn(
    process.execPath,
    [program('fuse/logs/main'), ...args, '--socket', flags.socket, '--die-with-parent'],
    { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' },
  );
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    out = (out + chunk.toString()).slice(-1_000_000);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  // A Ctrl-C reaches the collector by itself; this process waits for its report.
  process.on('SIGINT', () => {});
  endWithParent(() => child.kill('SIGTERM'));
  process.stderr.write(`following ${visible(file)}; Ctrl-C ends it\n`);
  const code = await new Promise<number>((done) => child.once('close', (status) => done(status ?? 1)));
  if (code !== 0) throw new CliError(`${file} cannot be followed (${reasonOf(said)})`);
  const read = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as ReadReport;
  if (flags.json) process.stdout.write(`${JSON.stringify({ file, ...read })}\n`);
  else process.stdout.write(`${visible(file)}: read as ${read.format}\n${counts(read)}`);
  return code;
}

function reasonOf(said: string): string {
  const last = said.trim().split('\n').at(-1) ?? '';
  try {
    return (JSON.parse(last) as { message: string }).message;
  } catch {
    return last;
  }
}
