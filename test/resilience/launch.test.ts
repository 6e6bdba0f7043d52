// Processes that are started while the disk of a database that this one has open hangs: a fork of our own would wait
// for it.
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Launcher } from '../../server/launch/launcher.ts';
import { FakeServer } from '../support/ingest.ts';
import { type Mirror, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';

describeWith(['fuse', 'fusermount3'], 'while the disk of a database of this process hangs', () => {
  const place = new Workplace();
  let launcher: Launcher;
  let control: FakeServer;
  let disk: Mirror;

  beforeAll(async () => {
    launcher = await Launcher.start();
    const socket = join(place.dir, 'control.sock');
    control = await FakeServer.start(socket);
    disk = await place.start([place.make('source'), place.make('disk'), '--socket', socket]);
  });
  afterAll(async () => {
    await launcher?.close();
    await place.clean();
    await control?.kill();
  });

  it('the launcher starts one, and hears that it has ended', async () => {
    const db = new Database(join(disk.mountpoint, 'database'));
    db.pragma('journal_mode = wal');
    // Pages of its index (-shm) are mapped, and now they differ from what the disk has.
    db.exec('CREATE TABLE t (a)');
    await control.control({
      do: 'put',
      rule: { id: 'disk', match: { op: ['write'] }, effect: { hang: {} } },
    });
    try {
      const child = launcher.launch('echo', ['on'], { stdio: ['ignore', 'pipe', 'ignore'] });
      const ended = once(child as unknown as NodeJS.EventEmitter, 'close');
      expect(await text(child.stdout as never)).toBe('on\n');
      expect(await ended).toEqual([0, null]);
    } finally {
      await control.control({ do: 'clear' });
    }
    db.close();
  });
});
