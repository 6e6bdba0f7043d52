// A server with a mirror on which operations are to fail: what the tests of faults begin with.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiError, Fault } from '../../shared/api.ts';
import type { FaultRule } from '../../shared/fault.ts';
import type { Mount } from '../../shared/mount.ts';
import { type Ended, type Mirror, run, Workplace } from './mirror.ts';
import { startTestServer, type TestServer } from './server.ts';
import { until } from './until.ts';

const MAIN = new URL('../../server/cli/main.ts', import.meta.url).pathname;

export class Faulty implements AsyncDisposable {
  readonly place = new Workplace();
  server!: TestServer;
  mirror!: Mirror;
  mount!: Mount;

  /** A mirror of a directory with one `file`, on a server of its own. */
  async start(): Promise<void> {
    this.server = await startTestServer();
    const source = this.place.make('source');
    writeFileSync(join(source, 'file'), 'content');
    const options = ['--socket', this.server.socket, '--direct-io'];
    this.mirror = await this.place.mirror(source, this.place.make('mount'), options);
    this.mount = await this.known(this.mirror.mountpoint);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place.clean();
    await this.server?.[Symbol.asyncDispose]();
  }

  readonly call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(new URL(path, this.server.url), {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    return (response.status === 204 ? null : await response.json()) as T;
  };

  /** The answer to a rule for the mirror, or why it is refused. */
  readonly add = (rule: FaultRule): Promise<Fault & ApiError> =>
    this.call('POST', '/api/faults', { mount: this.mount.id, rule });

  readonly faults = async (): Promise<Fault[]> =>
    (await this.server.get<{ items: Fault[] }>('/api/faults')).items;

  readonly find = (id: string, test: (fault: Fault) => boolean): Promise<Fault> =>
    until(`fault ${id} to be so`, async () =>
      (await this.faults()).find((fault) => fault.id === id && test(fault)),
    );

  /** Reads the file through the mirror. */
  readonly cat = (): Promise<Ended> => run('cat', [join(this.mirror.mountpoint, 'file')]);

  readonly fusescope = (...args: string[]): Promise<Ended> =>
    run(process.execPath, [MAIN, ...args], { env: { FUSESCOPE_SERVER: this.server.url } });

  /** The mount as the server knows it. */
  readonly known = (at: string): Promise<Mount> =>
    until('the mirror to be known', async () => {
      const { items } = await this.server.get<{ items: Mount[] }>('/api/mounts', { gone: 'false' });
      return items.find((one) => one.mount === at && one.kind === 'mirror' && one.state !== 'gone');
    });
}
