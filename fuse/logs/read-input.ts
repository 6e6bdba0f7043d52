// Reads a log from standard input to its end, packed or not.
import { pipeline } from 'node:stream/promises';
import { FramesOut } from './frames-out.ts';
import { unpackerOf } from './lines.ts';
import { LogPipeline } from './read-log.ts';

export interface InputOptions {
  format: string;
  mount: string | null;
  /** What its operations are said to be on where nothing tells a mount. */
  name: string;
  /** Around when it was written, µs since the epoch. */
  baseUs: number;
}

const STDOUT = 1;

/** @throws UnknownFormat */
export async function readInput(options: InputOptions): Promise<void> {
  const { format, mount, name, baseUs } = options;
  const output = new FramesOut(STDOUT, mount ?? name);
  const log = new LogPipeline({ format, mount, clock: { baseUs }, output });
  let cut: string | null = null;
  try {
    await feed(log);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // What was unpacked before the damage is worth as much as before.
    if (!code?.startsWith('Z_') && !code?.startsWith('ZSTD_')) throw error;
    cut = `the packed data is damaged or cut: ${message}`;
  }
  const report = log.end();
  if (cut !== null) {
    report.rejected++;
    report.rejections.push({ line: report.lines, reason: cut, text: '' });
  }
  output.end(report);
}

async function feed(log: LogPipeline): Promise<void> {
  const { stdin } = process;
  const first = await firstBytes(stdin);
  const unpacker = unpackerOf(first);
  if (!unpacker) {
    log.push(first);
    for await (const chunk of stdin) log.push(chunk as Buffer);
    return;
  }
  await pipeline(
    async function* () {
      yield first;
      yield* stdin as AsyncIterable<Buffer>;
    },
    unpacker,
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) log.push(chunk);
    },
  );
}

/** At least the four bytes that tell how it is packed, if there are so many. */
async function firstBytes(stream: NodeJS.ReadStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  while (length < 4) {
    const chunk = (stream.read() as Buffer | null) ?? (await readable(stream));
    if (chunk === null) break;
    parts.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(parts);
}

/** The next chunk; null at the end. */
function readable(stream: NodeJS.ReadStream): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    const done = (chunk: Buffer | null) => {
      stream.off('readable', look).off('end', end).off('error', fail);
      resolve(chunk);
    };
    const look = () => {
      const chunk = stream.read() as Buffer | null;
      if (chunk !== null) done(chunk);
    };
    const end = () => done(null);
    const fail = (error: Error) => reject(error);
    stream.on('readable', look).once('end', end).once('error', fail);
  });
}
