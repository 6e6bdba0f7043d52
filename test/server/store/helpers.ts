// Stores on real files in a folder of their own that goes with the test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { openStore } from '../../../server/store/store.ts';
import type { Store, StoredMount, StoreOptions } from '../../../server/store/types.ts';
import { blankSpan, type Span } from '../../../shared/span.ts';

const undo: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

/** Runs when the test has ended, last first. */
export function cleanUp(work: () => void | Promise<void>): void {
  undo.push(work);
}

export function tempDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'fusescope-store-'));
  cleanUp(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const tempFile = () => join(tempDir(), 'test.db');

export async function open(file: string, options: Partial<StoreOptions> = {}): Promise<Store> {
  const store = await openStore({ file, maxBytes: 1e9, maxAgeS: 7 * 86_400, ...options });
  cleanUp(() => store.close());
  return store;
}

/** Now, in whole seconds, as µs. */
export const T0 = Math.floor(Date.now() / 1_000) * 1e6;

export function span(id: number, fields: Partial<Span> = {}): Span {
  return {
    ...blankSpan(id, 1, '/mnt/x', 'mirror', 'read'),
    state: 'done',
    startUs: T0 + id * 10,
    durationNs: 1_000 + id,
    errno: 0,
    path: '/a',
    ...fields,
  };
}

export function mount(id: number, at: string): StoredMount {
  return {
    id,
    host: 'here',
    mount: at,
    kind: 'mirror',
    fsType: 'fuse',
    source: '/src',
    connection: id + 40,
    firstSeenUs: T0,
    lastSeenUs: T0,
    goneUs: null,
  };
}

/** What an export of everything in a range holds. */
export async function exported(
  store: Store,
  filter = '',
  range: { fromUs: number | null; toUs: number | null } = { fromUs: null, toUs: null },
): Promise<Span[]> {
  const parts: Uint8Array[] = [];
  for await (const { bytes } of store.export({ format: 'ndjson', filter, ...range, version: '0' }))
    parts.push(bytes);
  const lines = Buffer.concat(parts).toString().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Span);
}
