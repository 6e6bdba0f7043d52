// fusescope tail: operations as they end, one line each, from the live feed.
import type { Command } from 'commander';
import { WebSocket } from 'ws';
import type { LiveFrame } from '../../shared/live.ts';
import { resultOf, type Span } from '../../shared/span.ts';
import { formatDuration, formatWall } from '../../shared/units.ts';
import type { ServerFlags } from './client.ts';
import { headersOf, serverCommand, serverUrl } from './client.ts';
import { CliError } from './failure.ts';
import { visible } from './table.ts';

interface TailFlags extends ServerFlags {
  filter: string;
}

export function tailCommand(): Command {
  return serverCommand('tail', "fusescope tail --filter 'op:read,write dur:>10ms'")
    .description('Print operations as they end, until Ctrl-C.')
    .option('--filter <filter>', 'only these operations', '')
    .option('--json', 'one JSON object a line')
    .action((flags: TailFlags) => tail(flags));
}

async function tail(flags: TailFlags): Promise<void> {
  const url = serverUrl(flags, '/api/live');
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('filter', flags.filter);
  const socket = new WebSocket(url, { headers: headersOf(flags) });
  // A reader that has gone (| head) ends us quietly.
  process.stdout.on('error', () => process.exit(0));
  await new Promise<void>((resolve, reject) => {
    socket.on('error', (error) => {
      reject(
        new CliError(
          `no live feed at ${flags.server} (${error.message}). Start a server with "fusescope serve"`,
        ),
      );
    });
    socket.on('close', () =>
      reject(new CliError('the server ended the feed. Start it again with "fusescope serve"')),
    );
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as LiveFrame;
      if (frame.type === 'error') {
        reject(new CliError(`${frame.message} [${frame.code}]`, 2));
        socket.terminate();
      }
      if (frame.type === 'batch') print(frame.spans, frame.omitted, flags.json ?? false);
    });
    process.once('SIGINT', () => {
      socket.removeAllListeners('close');
      socket.close();
      resolve();
    });
  });
}

function print(spans: readonly Span[], omitted: number, json: boolean): void {
  const line = json ? (span: Span) => JSON.stringify(span) : text;
  const out = spans.map((span) => `${line(span)}\n`).join('');
  process.stdout.write(out);
  if (omitted > 0)
    process.stderr.write(`fusescope: ${omitted} more ended than can be shown here; they are stored\n`);
}

function text(span: Span): string {
  const took = span.durationNs === null ? '–' : formatDuration(span.durationNs).text;
  const result = resultOf(span);
  const path = span.newPath === null ? (span.path ?? '–') : `${span.path ?? '–'} -> ${span.newPath}`;
  const caller = `${span.comm ?? '?'} ${span.pid ?? ''}`;
  return visible(
    `${formatWall(span.startUs).text}  ${span.op.padEnd(11)} ${took.padStart(8)}  ${result.padEnd(9)} ${caller.padEnd(18)} ${span.mount} ${path}`,
  );
}
