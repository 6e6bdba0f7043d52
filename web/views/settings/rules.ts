// Threshold rules as the form has them: texts, the rules they make, what is wrong with which field. Pure.
import { parseMs } from '../../../shared/fault-text.ts';
import { nearest } from '../../../shared/filter/nearest.ts';
import { isOpName, OPS } from '../../../shared/ops.ts';
import type { ThresholdRule } from '../../../shared/stall.ts';

export interface RuleRow {
  /** For React; rules have no number of their own. */
  key: number;
  mount: string;
  fsType: string;
  op: string;
  slow: string;
  stalled: string;
}

export type RowErrors = Partial<Record<Exclude<keyof RuleRow, 'key'>, string>>;

const NAMES = OPS.map(({ name }) => name);
let nextKey = 1;

export const emptyRow = (): RuleRow => ({
  key: nextKey++,
  mount: '',
  fsType: '',
  op: '',
  slow: '',
  stalled: '',
});

export function rowsOf(rules: readonly ThresholdRule[]): RuleRow[] {
  return rules.map((rule) => ({
    key: nextKey++,
    mount: rule.mount ?? '',
    fsType: rule.fsType ?? '',
    op: rule.op ?? '',
    slow: msText(rule.slowMs),
    stalled: msText(rule.stalledMs),
  }));
}

/** The rules of rows, or null where `errors` names the fields that are wrong, row by row. */
export function readRows(rows: readonly RuleRow[]): { rules: ThresholdRule[] | null; errors: RowErrors[] } {
  const errors = rows.map(errorsOf);
  if (errors.some((one) => Object.keys(one).length > 0)) return { rules: null, errors };
  const rules = rows.map((row): ThresholdRule => {
    const [slowMs, stalledMs] = [time(row.slow), time(row.stalled)];
    return {
      ...(row.mount.trim() === '' ? {} : { mount: row.mount.trim() }),
      ...(row.fsType.trim() === '' ? {} : { fsType: row.fsType.trim() }),
      ...(row.op.trim() === '' ? {} : { op: row.op.trim() }),
      ...(slowMs === null ? {} : { slowMs }),
      ...(stalledMs === null ? {} : { stalledMs }),
    };
  });
  return { rules, errors };
}

function errorsOf(row: RuleRow): RowErrors {
  const errors: RowErrors = {};
  const op = row.op.trim();
  if (op !== '' && !isOpName(op)) {
    const near = nearest(op, NAMES);
    errors.op = `There is no operation ${op}${near ? `; did you mean ${near}?` : ''}`;
  }
  const mount = row.mount.trim();
  if (mount !== '' && !mount.startsWith('/')) errors.mount = 'A mount point begins with /';
  for (const field of ['slow', 'stalled'] as const) {
    const ms = time(row[field]);
    if (row[field].trim() !== '' && (ms === null || ms < 1))
      errors[field] = 'Give a time from 1ms on, such as 200ms or 5s';
  }
  if (row.slow.trim() === '' && row.stalled.trim() === '') errors.slow = 'Give at least one of the two';
  const [slow, stalled] = [time(row.slow), time(row.stalled)];
  if (!errors.slow && !errors.stalled && slow !== null && stalled !== null && slow > stalled)
    errors.stalled = 'It must be slow before it is stalled';
  return errors;
}

/** Where the server found something wrong, as its message says: "body/thresholds/2/slowMs must be >= 1". */
export function serverErrors(message: string, rows: number): RowErrors[] | null {
  const found = /thresholds\/(\d+)\/(mount|fsType|op|slowMs|stalledMs)\s+(.+)$/.exec(message);
  const row = Number(found?.[1] ?? Number.NaN);
  if (!found || !(row < rows)) return null;
  const field = (found[2] ?? '').replace(/Ms$/, '') as keyof RowErrors;
  return Array.from({ length: rows }, (_, i) => (i === row ? { [field]: `It ${found[3]}` } : {}));
}

const time = (text: string): number | null => (text.trim() === '' ? null : parseMs(text));

const msText = (ms: number | undefined): string =>
  ms === undefined ? '' : ms >= 1_000 && ms % 100 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
