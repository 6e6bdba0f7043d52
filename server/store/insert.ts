// Writes packed rows into the table of spans. Many rows go into one statement: calling SQLite costs more than it does.
import type { Database, Statement } from 'better-sqlite3';
import { AT, type Chunk, WIDE_FIELDS, WIDTH } from './layout.ts';

const GROUP = 20;

/** `REPLACE`, so that a span that was stored open is simply written again when it has ended. */
function sql(rows: number, whole: boolean): string {
  const values: string[] = [];
  for (let field = 0; field < WIDTH; field++) {
    if (field === AT.startNsRest) continue;
    // Numbers come as doubles: plain INTEGER columns turn them into integers, the start and ANY columns need telling.
    if (field === AT.startUs) values.push('CAST(? AS INTEGER) * 1000 + CAST(? AS INTEGER)');
    else values.push(whole && WIDE_FIELDS.includes(field) ? 'CAST(? AS INTEGER)' : '?');
  }
  return `REPLACE INTO spans VALUES ${new Array(rows).fill(`(${values.join(',')})`).join(',')}`;
}

export class SpanInserter {
  private readonly group: Statement;
  private readonly one: Statement;
  private readonly oneWide: Statement;
  private readonly groupValues: number[] = new Array(GROUP * WIDTH).fill(0.5);
  private readonly values: number[] = new Array(WIDTH).fill(0.5);

  constructor(db: Database) {
    this.group = db.prepare(sql(GROUP, true));
    this.one = db.prepare(sql(1, true));
    this.oneWide = db.prepare(sql(1, false));
  }

  /** Rows with text in them come last: a span's later row has at least the text of its earlier one. */
  insert(chunk: Chunk): void {
    if (chunk.wide.length > 0) {
      this.insertMixed(chunk);
      return;
    }
    const { rows, count } = chunk;
    let row = 0;
    for (; row + GROUP <= count; row += GROUP) {
      const from = row * WIDTH;
      for (let i = 0; i < GROUP * WIDTH; i++) this.groupValues[i] = rows[from + i] ?? 0;
      this.group.run(this.groupValues);
    }
    for (; row < count; row++) this.insertOne(rows, row);
  }

  private insertOne(rows: Float64Array, row: number): void {
    for (let i = 0; i < WIDTH; i++) this.values[i] = rows[row * WIDTH + i] ?? 0;
    this.one.run(this.values);
  }

  private insertMixed(chunk: Chunk): void {
    const texts = new Map<number, { field: number; text: string }[]>();
    for (const { row, field, text } of chunk.wide) {
      const list = texts.get(row);
      if (list) list.push({ field, text });
      else texts.set(row, [{ field, text }]);
    }
    for (let row = 0; row < chunk.count; row++) if (!texts.has(row)) this.insertOne(chunk.rows, row);
    for (const [row, fields] of texts) {
      const values: (number | bigint | string)[] = [...chunk.rows.subarray(row * WIDTH, (row + 1) * WIDTH)];
      for (const field of WIDE_FIELDS) {
        const value = values[field];
        if (typeof value === 'number' && !Number.isNaN(value)) values[field] = BigInt(value);
      }
      for (const { field, text } of fields) values[field] = text;
      this.oneWide.run(values);
    }
  }
}
