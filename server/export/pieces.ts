// An export as pieces of a file, made where the database is read: the reader thread scans and formats, and asks for
// nothing ahead of who takes it.
import type { Database } from 'better-sqlite3';
import type { ExportFormat } from '../../shared/api.ts';
import { compileFilter } from '../../shared/filter/compile.ts';
import type { Span } from '../../shared/span.ts';
import { readStall, type Stall } from '../../shared/stall.ts';
import { parseFilter } from '../filters.ts';
import { AliveScan } from '../store/alive-scan.ts';
import { storedMounts } from '../store/decode.ts';
import type { FilterCompiler } from '../store/filter-sql.ts';
import { gapsIn } from '../store/query-losses.ts';
import { EXPORTERS } from './formats.ts';

export interface ExportAsk {
  format: ExportFormat;
  filter: string;
  fromUs: number | null;
  toUs: number | null;
  version: string;
}

export interface ExportPiece {
  bytes: Uint8Array<ArrayBuffer>;
  /** Spans written so far, this piece included. */
  spans: number;
  /** How much of the range is done, 0 to 1. */
  share: number;
}

/** Stalls that one export tells, the latest ones. */
const MAX_STALLS = 10_000;

export async function* exportPieces(
  db: Database,
  filters: FilterCompiler,
  clock: () => number,
  ask: ExportAsk,
): AsyncGenerator<ExportPiece> {
  const scan = new AliveScan(db, filters, clock);
  const filter = parseFilter(ask.filter);
  const { fromUs, toUs: untilUs } = scan.bounds(ask);
  let spans = 0;
  let atUs = fromUs;
  async function* counted(): AsyncGenerator<Span[]> {
    for await (const chunk of scan.chunks(filter, ask)) {
      spans += chunk.length;
      atUs = chunk.at(-1)?.startUs ?? atUs;
      yield chunk;
    }
  }
  const test = compileFilter(filter);
  const written = EXPORTERS[ask.format].write(counted(), {
    fromUs,
    untilUs,
    filter: ask.filter,
    version: ask.version,
    mounts: storedMounts(db),
    stalls: stallsIn(db, fromUs, untilUs).filter(({ span }) => test(span, untilUs)),
    gaps: gapsIn(db, fromUs, untilUs),
  });
  for await (const part of written) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : new Uint8Array(part);
    const share = untilUs > fromUs ? Math.min(1, Math.max(0, (atUs - fromUs) / (untilUs - fromUs))) : 1;
    yield { bytes, spans, share };
  }
}

function stallsIn(db: Database, fromUs: number, untilUs: number): Stall[] {
  const rows = db
    .prepare(
      `SELECT stall FROM stalls WHERE raised_us <= ? AND (state = 'open' OR closed_us >= ?)
       ORDER BY raised_us DESC LIMIT ${MAX_STALLS}`,
    )
    .pluck()
    .all(untilUs, fromUs) as string[];
  return rows.map(readStall).reverse();
}
