// Started by trouble.test.ts: writes spans until it is killed, and prints up to which one they are durable.
import { setImmediate } from 'node:timers/promises';
import { openStore } from '../../../server/store/store.ts';
import { blankSpan } from '../../../shared/span.ts';

const [file = '', batch = '1000'] = process.argv.slice(2);
const store = await openStore({
  file,
  maxBytes: 1e9,
  maxAgeS: 86_400,
  onDurable: (_instance, seq) => process.stdout.write(`${seq}\n`),
});
for (let id = 1; ; ) {
  for (let i = 0; i < Number(batch); i++, id++) {
    const span = blankSpan(id, 1, '/mnt/x', 'mirror', 'read');
    Object.assign(span, {
      state: 'done',
      startUs: Date.now() * 1_000,
      durationNs: id,
      errno: 0,
      path: `/file-${id % 100}`,
    });
    store.insert(span, null);
  }
  store.noteSeq('child', id - 1);
  store.flush();
  while (store.gauges().queued > 20_000) await setImmediate();
  await setImmediate();
}
