// Mounts that a real server watches in the kernel: what its interface, its processes and the command line say of them.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Health, SpanList } from '../../shared/api.ts';
import type { Mount, Tier } from '../../shared/mount.ts';
import type { Span } from '../../shared/span.ts';
import type { TestServer } from './server.ts';
import { until } from './until.ts';

const CLI = join(import.meta.dirname, '../../server/cli/main.ts');

/** A mount as the kernel collector tells of it. */
export async function mountOf(server: TestServer, mountpoint: string): Promise<Mount | undefined> {
  const { items } = await server.get<{ items: Mount[] }>('/api/mounts');
  return items.find((one) => one.mount === mountpoint && one.kind === 'kernel');
}

/** Waits until it is captured so. */
export function inTier(server: TestServer, mountpoint: string, tier: Tier): Promise<Mount> {
  return until(
    `${mountpoint} in tier ${tier}`,
    async () => {
      const mount = await mountOf(server, mountpoint);
      return mount?.tier === tier ? mount : null;
    },
    20_000,
  );
}

/** Waits for so many spans, those that began first in front. */
export function spans(server: TestServer, filter: string, count: number): Promise<Span[]> {
  return until(
    `${count} spans of ${filter}`,
    async () => {
      const { items } = await server.get<SpanList>('/api/spans', { filter, limit: 1000, order: 'start:asc' });
      return items.length >= count ? items : null;
    },
    10_000,
  );
}

/** What the server says of its kernel collector. */
export async function kernelOf(server: TestServer): Promise<Health['kernel']> {
  return (await server.get<Health>('/api/health')).kernel;
}

/** Trace instances of processes that a server has started. */
export function instancesOf(pid: number | null): string[] {
  return readdirSync('/sys/kernel/tracing/instances').filter((name) => name.startsWith(`fusescope-${pid}-`));
}

/** Processes that one has started: of the collector, the tap's loader. */
export function childrenOf(pid: number | null): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

/** The command line, asked about this server. */
export async function fusescope(
  server: TestServer,
  ...args: string[]
): Promise<{ status: number; stdout: string; stderr: string }> {
  try {
    const done = await promisify(execFile)(process.execPath, [CLI, ...args, '--server', server.url]);
    return { status: 0, ...done };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { status: code, stdout, stderr };
  }
}
