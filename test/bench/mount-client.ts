// The work of rounds.ts, done on one directory in a process of its own. Arguments: DIR SECONDS. Prints calls a
// second of each kind as one JSON object.
import fs from 'node:fs';
import { join } from 'node:path';

const [dir = '.', seconds = '1'] = process.argv.slice(2);
const block = Buffer.alloc(128 * 1024);
const small = join(dir, 'small');

/** Calls a second of `work`, repeated for the time given. */
function rate(work: (i: number) => void): number {
  const forMs = Number(seconds) * 1000;
  const begun = performance.now();
  let count = 0;
  for (; performance.now() - begun < forMs; count++) work(count);
  return count / ((performance.now() - begun) / 1000);
}

fs.writeFileSync(small, 'x'.repeat(4096));
const missing = rate((i) => fs.statSync(join(dir, `none-${i}`), { throwIfNoEntry: false }));
const readSmall = rate(() => {
  const fd = fs.openSync(small, 'r');
  fs.readSync(fd, block, 0, 4096, 0);
  fs.closeSync(fd);
});
const createSmall = rate((i) => {
  fs.writeFileSync(join(dir, `new-${i % 100}`), 'content');
});
const big = fs.openSync(join(dir, 'big'), 'w+');
const writeBlock = rate((i) => fs.writeSync(big, block, 0, block.length, (i % 512) * block.length));
fs.closeSync(big);
process.stdout.write(JSON.stringify({ missing, readSmall, createSmall, writeBlock }));
