// Opens a store: starts its two threads and waits until both have the file.
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { LIMITS_SETTING, readLimits } from './limits.ts';
import { placeOf } from './place.ts';
import type { Found, FromReader, FromWriter, ToReader, ToWriter } from './protocol.ts';
import type { Store, StoreOptions } from './types.ts';
import { WorkerStore } from './worker-store.ts';
import { firstMessage, startReader, startWriter } from './workers.ts';

/** @throws CodedError FUSESCOPE_STORE where the file cannot be used, FUSESCOPE_CONFLICT where it is in use */
export async function openStore(options: StoreOptions): Promise<Store> {
  const place = placeOf(options.file);
  const reader = startReader();
  let writer: Worker | null = null;
  try {
    await once(reader, 'online');
    // Then both load their code at the same time, which takes longer than opening the file.
    writer = startWriter(place, options, false);
    const found = await firstMessage<FromWriter, Found>(writer, (message) =>
      message.type === 'ready' ? message.found : null,
    );
    // Before it lets go of anything for the first time.
    const limits = readLimits(new Map(found.settings).get(LIMITS_SETTING));
    if (limits !== null) writer.postMessage({ type: 'limits', limits } satisfies ToWriter);
    reader.postMessage({ type: 'open', file: place.file, nowUs: null } satisfies ToReader);
    await firstMessage<FromReader, true>(reader, (message) => (message.type === 'ready' ? true : null));
    place.unlink();
    return new WorkerStore(options, place, found, writer, reader);
  } catch (error) {
    place.unlink();
    await Promise.all([writer?.terminate(), reader.terminate()]);
    throw error;
  }
}
