// fusescope export: what the server has stored, as a file, streamed.
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { Command } from 'commander';
import { Option } from 'commander';
import { EXPORT_FORMATS } from '../../shared/api.ts';
import type { ServerFlags } from './client.ts';
import { request, serverCommand } from './client.ts';
import { CliError } from './failure.ts';
import { Progress } from './progress.ts';

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
      new Option('--format <format>', 'file format').choices([...EXPORT_FORMATS]).default('perfetto'),
    )
    .option('--filter <filter>', 'only these operations')
    .option('--from <time>', 'µs since the epoch or RFC 3339')
    .option('--to <time>', 'µs since the epoch or RFC 3339')
    .option('--recording <id>', 'of a recording ("fusescope record list"), not of what is live')
    .action(async (file: string, flags: ExportFlags) => {
      const { format, filter, from, to, recording } = flags;
      const { body } = await request(flags, '/api/export', { format, filter, from, to, recording });
      if (!body) throw new CliError('the server sent nothing. Try again');
      const progress = new Progress(file === '-' ? format : file, null);
      const source = progress.count(Readable.fromWeb(body as ReadableStream));
      try {
        await pipeline(source, file === '-' ? process.stdout : createWriteStream(file));
      } finally {
        progress.end();
      }
    });
}
