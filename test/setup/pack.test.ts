// What `npm pack` makes works where it is installed: commands, server, page, and a mirror on a real mount.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readMountinfo } from '../../fuse/mountinfo.ts';
import { run } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { until } from '../support/until.ts';

const dir = mkdtempSync(join(tmpdir(), 'fusescope packed-'));
const home = join(dir, 'home');
/** The Node that runs this, before any other, and no variables of the npm that started it. */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_'))),
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
};
const npm = (args: string[], cwd: string) => run('npm', args, { cwd, env, timeoutMs: 120_000 });
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describeWith(['fuse', 'npm', 'cc'], 'the package', () => {
  beforeAll(async () => {
    const packed = await npm(['pack', '--silent', '--pack-destination', dir], process.cwd());
    expect(packed, packed.stderr).toMatchObject({ status: 0 });
    mkdirSync(home);
    writeFileSync(join(home, 'package.json'), '{"private":true}');
    const tarball = readdirSync(dir).find((name) => name.endsWith('.tgz')) ?? '';
    const installed = await npm(
      ['install', '--prefer-offline', '--no-audit', '--no-fund', join(dir, tarball)],
      home,
    );
    expect(installed, installed.stderr).toMatchObject({ status: 0 });
  }, 240_000);

  it('has no TypeScript, and imports none', () => {
    const root = join(home, 'node_modules/fusescope');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' });
    const own = files.filter((file) => !file.includes('node_modules'));
    expect(own.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
    const imports = own
      .filter((file) => file.endsWith('.js') && file.startsWith('dist/') && !file.startsWith('dist/web/'))
      .filter((file) =>
        /(?:from |import\()['"`][^'"`]*\.ts['"`]/.test(readFileSync(join(root, file), 'utf8')),
      );
    expect(imports).toEqual([]);
  });

  it('brings the command', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const ended = await run('npx', ['fusescope', '--version'], { cwd: home, env });
    expect(ended, ended.stderr).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it('brings the testing kit, with its types', async () => {
    const source = `
      import { startFuseScope, type Capture } from 'fusescope/testing';
      const captured: (capture: Capture) => Promise<void> = (capture) => capture.waitForFileVisible('/a');
      export const kit: [typeof startFuseScope, typeof captured] = [startFuseScope, captured];`;
    writeFileSync(join(home, 'use.mts'), source);
    // What the README shows compiles, too.
    const shown = /^```ts\n(.*?)^```$/ms.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
    expect(shown).toContain("from 'fusescope/testing'");
    writeFileSync(join(home, 'shown.mts'), shown);
    const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024'];
    const checked = await run(
      process.execPath,
      [tsc, ...flags, '--lib', 'es2024,esnext.disposable', 'use.mts', 'shown.mts'],
      { cwd: home, env },
    );
    expect(checked, checked.stdout).toMatchObject({ status: 0 });
    const used = await run(
      process.execPath,
      ['--input-type=module', '-e', "console.log(typeof (await import('fusescope/testing')).startFuseScope)"],
      { cwd: home, env },
    );
    expect(used, used.stderr).toMatchObject({ stdout: 'function\n' });
  });

  it('serves the page, mirrors a directory, tells what was done there, and ends with npx', async () => {
    const source = join(home, 'source');
    const mountpoint = join(home, 'mount');
    mkdirSync(source);
    mkdirSync(mountpoint);
    writeFileSync(join(source, 'hello'), 'hello\n');
    const server = spawn(
      'npx',
      ['fusescope', 'serve', '--port', '0', '--db', ':memory:', '--socket', join(home, 'ingest.sock')],
      { cwd: home, env, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const url = await new Promise<string>((resolve, reject) => {
        createInterface({ input: server.stdout }).on('line', (line) => {
          const found = / is at (http:\S+)$/.exec(line)?.[1];
          if (found) resolve(new URL(found).origin);
        });
        server.once('close', (code) => reject(new Error(`the server ended with ${code}`)));
      });
      expect(await (await fetch(`${url}/api/health`)).json()).toMatchObject({ status: 'ok' });
      expect(await (await fetch(url)).text()).toContain('<script type="module"');
      const made = await fetch(`${url}/api/mirrors`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ source, mountpoint }),
      });
      expect(made.status, await made.clone().text()).toBeLessThan(300);
      expect(await run('cat', [join(mountpoint, 'hello')])).toMatchObject({ stdout: 'hello\n' });
      await until('the read to be told', async () => {
        const { items } = (await (await fetch(`${url}/api/spans?filter=op:read`)).json()) as {
          items: { path: string }[];
        };
        return items.some(({ path }) => path === '/hello');
      });
      server.kill('SIGTERM');
      await until(
        'the server to end',
        async () => (await fetch(`${url}/api/health`).catch(() => null)) === null,
      );
      await until(
        'the mirror to unmount',
        () => !readMountinfo().some((one) => one.mountpoint === mountpoint),
      );
    } finally {
      server.kill('SIGKILL');
    }
  }, 30_000);
});
