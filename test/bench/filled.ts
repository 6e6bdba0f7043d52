// A database that already holds spans, made as the server makes it but without a server.
import { BatchWriter } from '../../server/store/batch-writer.ts';
import { Encoder } from '../../server/store/encoder.ts';
import { openDatabase, releaseOwner } from '../../server/store/open.ts';
import type { StoredMount } from '../../server/store/types.ts';
import { blank, fill } from './workload.ts';

export const LIMITS = { maxBytes: 8e9, maxAgeS: 7 * 86_400 };

/** The mounts of workload.ts. */
export const benchMounts = (): StoredMount[] => Array.from({ length: 8 }, (_, i) => mount(i + 1));

/** Fills a new file with so many spans, spread evenly over the seconds before now. */
export function filledDatabase(file: string, spans: number, seconds: number): void {
  const { db } = openDatabase(file);
  const writer = new BatchWriter(db, LIMITS);
  const beginUs = (Math.floor(Date.now() / 1_000) - seconds) * 1e6;
  const encoder = new Encoder({ ...writer.found(null), epochS: 3_600, nowS: beginUs / 1e6 });
  const rest = {
    mounts: benchMounts(),
    seconds: [],
    stalls: [],
    gaps: [],
    seqs: [],
    settings: [],
    audit: [],
    snapshots: [],
    rollups: [],
  };
  const span = blank();
  for (let id = 1; id <= spans; ) {
    for (let i = 0; i < 10_000 && id <= spans; i++, id++) {
      encoder.add(fill(span, id, beginUs + Math.floor((id / spans) * seconds * 4e6) / 4), null, true);
    }
    const packed = encoder.take();
    writer.write([{ number: 1, ...packed, ...rest }], Math.floor(span.startUs / 1e6));
    encoder.recycle(packed.chunks.map((chunk) => chunk.rows));
  }
  releaseOwner(db);
  db.close();
}

function mount(id: number): StoredMount {
  const at = { mount: `/mnt/m${id}`, host: 'here', kind: 'mirror' as const, fsType: 'fuse', source: '/srv' };
  return { id, ...at, connection: id, firstSeenUs: 0, lastSeenUs: 0, goneUs: null };
}
