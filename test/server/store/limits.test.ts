// Retention that is set while the store runs.
import { expect, test } from 'vitest';
import { LEAST_BYTES } from '../../../shared/settings.ts';
import { until } from '../../support/until.ts';
import { mount, open, span, tempFile } from './helpers.ts';

const SPANS = 300_000;

test('what is set while it runs lets go at once, holds after a restart, and gives way to the options again', async () => {
  const file = tempFile();
  const options = { maxBytes: 1e9, maxAgeS: 7 * 86_400 };
  const store = await open(file, options);
  store.putMount(mount(1, '/mnt/x'));
  for (let id = 1; id <= SPANS; id++) {
    store.insert(span(id, { offset: id * 4_096, size: 4_096, bytes: 4_096, pid: 1_000_000 + id }), null);
    if (id % 50_000 === 0) await store.settled();
  }
  expect(store.gauges().sizeBytes).toBeGreaterThan(LEAST_BYTES);
  const limits = { maxBytes: LEAST_BYTES, maxAgeS: 86_400 };
  store.keep(limits);
  expect(store.gauges().maxBytes).toBe(LEAST_BYTES);
  await until('the oldest to go', () => store.gauges().sizeBytes <= LEAST_BYTES, 30_000);
  const { items } = await store.spans({ limit: 1 });
  expect(items[0]?.id).toBe(SPANS);
  expect(store.gauges().spans).toBeLessThan(SPANS);
  await store.close();

  const again = await open(file, options);
  expect([again.retention, again.gauges().maxBytes]).toEqual([limits, LEAST_BYTES]);
  again.keep(null);
  expect([again.retention, again.gauges().maxBytes]).toEqual([null, options.maxBytes]);
}, 60_000);
