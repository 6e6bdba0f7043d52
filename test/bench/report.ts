// What a bench prints: rows of figures that were measured side by side in one run, as a table and, with --json, as
// lines that a script can read.

export interface Report {
  /** Begins a table; `note` says what was measured, and how. */
  title(name: string, note: string): void;
  /** One row. Figures are numbers with their unit in the name (`eventsPerS`, `p99Ms`, `ratio`) or short words. */
  row(name: string, figures: Readonly<Record<string, number | string>>): void;
}

export function consoleReport(json: boolean): Report {
  if (json) {
    let table = '';
    return {
      title: (name) => {
        table = name;
      },
      row: (name, figures) => process.stdout.write(`${JSON.stringify({ table, name, ...figures })}\n`),
    };
  }
  return {
    title: (name, note) => process.stdout.write(`\n${name}\n  ${note}\n`),
    row: (name, figures) => {
      const cells = Object.entries(figures).map(([key, value]) => `${key} ${shown(value)}`);
      process.stdout.write(`  ${name.padEnd(36)} ${cells.join('   ')}\n`);
    },
  };
}

/** Median of a non-empty list. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}

function shown(value: number | string): string {
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return value.toLocaleString('en');
  return value.toPrecision(3);
}
