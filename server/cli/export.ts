// fusescope export: what the server has stored, as a file, streamed.
import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Command } from 'commander';
import { Option } from 'commander';
import { EXPORT_FORMATS, type RunningExport } from '../../shared/api.ts';
import type { ServerFlags } from './client.ts';
import { getJson, request, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { Progress } from './progress.ts';

const SHARE_MS = 500;

interface ExportFlags extends ServerFlags {
  format: string;
  filter?: string;
  from?: string;
  to?: string;
  recording?: string;
}

export function exportCommand(): Command {
  return serverCommand('export', "fusescope export trace.pftrace --filter 'mount:/mnt/nas dur:>10ms'")
    .description('Write stored operations to FILE, or to standard output for "-".')
    .argument('<file>', 'file to write, or -')
    .addOption(
      new Option('--format <format>', 'file format')
        .choices([...EXPORT_FORMATS])
        .default('perfetto', 'by the ending of the file, else perfetto'),
    )
    .hook('preAction', chooseFormat)
    .option('--filter <filter>', 'only these operations')
    .option('--from <time>', 'µs since the epoch or RFC 3339')
    .option('--to <time>', 'µs since the epoch or RFC 3339')
    .option('--recording <id>', 'of this recording instead of what is stored')
    .action(exportTo);
}

async function exportTo(file: string, flags: ExportFlags): Promise<void> {
  const { format, filter, from, to, recording } = flags;
  const name = randomUUID();
  const { body } = await request(flags, '/api/export', { format, filter, from, to, recording, name });
  if (!body) throw new CliError('the server sent nothing. Try again');
  const progress = new Progress(file, null);
  const asking = setInterval(() => void tellShare(flags, name, progress), SHARE_MS);
  try {
    const source = progress.count(Readable.fromWeb(body as ReadableStream));
    await pipeline(source, file === '-' ? process.stdout : createWriteStream(file));
  } finally {
    clearInterval(asking);
    progress.end();
  }
}

/** How far an export is, only its server knows. */
async function tellShare(flags: ExportFlags, name: string, progress: Progress): Promise<void> {
  if (!progress.isShown) return;
  const running = await getJson<{ items: RunningExport[] }>(flags, '/api/exports').catch(() => null);
  const ours = running?.items.find((one) => one.name === name);
  if (ours) progress.share = ours.share;
}

/** The format that the ending of the file stands for, unless one is named. */
function chooseFormat(command: Command): void {
  const ending = extname(command.args[0] ?? '').slice(1);
  const format = ending === 'json' ? 'chrome' : EXPORT_FORMATS.find((one) => one === ending);
  if (format && command.getOptionValueSource('format') === 'default')
    command.setOptionValue('format', format);
}
