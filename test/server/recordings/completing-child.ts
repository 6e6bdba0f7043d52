// Fills the file of a recording, FILE, with so many spans, SPANS, inside SQLite, and completes it; then says how much
// memory that took at most.
import { readFileSync, writeFileSync } from 'node:fs';
import { createFile, openFile, readAbout } from '../../../server/recordings/file.ts';
import { finishFile } from '../../../server/recordings/finish.ts';

const [file = '', spans = '0'] = process.argv.slice(2);
createFile(file, {
  name: 'large',
  notes: '',
  source: 'log',
  host: 'here',
  createdUs: 1.7e15,
  filter: '',
  fromUs: null,
  toUs: null,
  stallId: null,
  snapshot: null,
});
const db = openFile(file);
// Two seconds of a hundred thousand operations; a few of each thousand are slow, on two mounts.
db.exec(`
  INSERT INTO mounts (id, host, mount, kind, first_seen_us, last_seen_us)
    VALUES (1, 'here', '/mnt/a', 'log', 0, 0), (2, 'here', '/mnt/b', 'log', 0, 0), (3, 'here', '/mnt/none', 'log', 0, 0);
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${Number(spans)})
  INSERT INTO spans (id, mount_id, start_ns, duration_ns, op, source, state, errno)
    SELECT n, 1 + n % 2, 1700000000000000000 + n * 20000, CASE n % 1000 WHEN 0 THEN 3000000000 ELSE 7000 + n % 5000 END,
      15, 2, 1, 0 FROM numbers`);
writeFileSync('/proc/self/clear_refs', '5');
finishFile(db, null);
const about = readAbout(db);
db.close();
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
process.stdout.write(JSON.stringify({ peakBytes: Number(peak) * 1024, spans: about.spans }));
