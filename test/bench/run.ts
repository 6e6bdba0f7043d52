// npm run bench [-- NAME…]: runs test/bench/NAME.bench.ts, all of them without a name, one after the other.
import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { consoleReport, type Report } from './report.ts';

const SUFFIX = '.bench.ts';

const asked = process.argv.slice(2);
const known = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}
process.stdout.write(
  `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}\n`,
);
for (const name of asked.length > 0 ? asked : known) {
  const module = (await import(join(import.meta.dirname, name + SUFFIX))) as {
    bench: (report: Report) => Promise<void>;
  };
  await module.bench(consoleReport);
}
