// The command's entry, under Nodes of several ages. An older Node is played by what process.versions says.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { run } from '../support/mirror.ts';
import { until } from '../support/until.ts';

const ROOT = process.cwd();
const LAUNCHER = 'server/setup/launcher.mjs';
const dir = mkdtempSync(join(tmpdir(), 'fusescope launcher-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Arguments for a Node that takes itself for another version, with process.execve or without. */
function disguise(version: string, execve = true): string[] {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });
    ${execve ? '' : 'process.execve = undefined;'}`;
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`];
}

/** A package as npm would install it, with a program that tells who runs it. */
function install(name: string, { node }: { node: boolean }): string {
  const root = join(dir, name);
  mkdirSync(join(root, 'server/setup'), { recursive: true });
  mkdirSync(join(root, 'dist/server/cli'), { recursive: true });
  cpSync(join(ROOT, LAUNCHER), join(root, LAUNCHER));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(
    join(root, 'dist/server/cli/main.js'),
    `const [, , wait] = process.argv;
     console.log(JSON.stringify({ node: process.versions.node, args: process.argv.slice(2), pid: process.pid, die: process.env.FUSESCOPE_DIE_WITH_PARENT }));
     if (wait === 'wait') setInterval(() => {}, 1000);
     if (wait === 'fail') process.exit(7);`,
  );
  if (node) {
    mkdirSync(join(root, 'node_modules/node/bin'), { recursive: true });
    writeFileSync(join(root, 'node_modules/node/package.json'), '{"name":"node"}');
    symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'));
  }
  return join(root, LAUNCHER);
}

test('in a checkout it runs the sources', async () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  expect(await run(process.execPath, [LAUNCHER, '--version'])).toMatchObject({
    status: 0,
    stdout: `${version}\n`,
  });
});

test.each([
  ['20.20.2', true],
  ['20.20.2', false],
  ['22.11.0', true],
])('in a checkout, Node %s (execve: %s) becomes the pinned Node', async (version, execve) => {
  const ended = await run(process.execPath, [...disguise(version, execve), LAUNCHER, 'serve', '--help']);
  expect(ended).toMatchObject({ status: 0 });
  expect(ended.stdout).toContain('Usage: fusescope serve');
});

test('a package runs its JavaScript on Node 22', async () => {
  const launcher = install('new enough', { node: false });
  const ended = await run(process.execPath, [...disguise('22.0.0'), launcher, 'a b', '--c']);
  expect(JSON.parse(ended.stdout)).toMatchObject({ node: '22.0.0', args: ['a b', '--c'] });
});

test.each([true, false])('a package on an old Node becomes the pinned one (execve: %s)', async (execve) => {
  const launcher = install(`pinned ${execve}`, { node: true });
  const old = disguise('20.20.2', execve);
  const ended = await run(process.execPath, [...old, launcher, 'a b']);
  expect(JSON.parse(ended.stdout)).toMatchObject({ node: process.versions.node, args: ['a b'] });
  expect(await run(process.execPath, [...old, launcher, 'fail'])).toMatchObject({ status: 7 });
});

test('a package on an old Node without a pinned one says so', async () => {
  const launcher = install('none', { node: false });
  const ended = await run(process.execPath, [...disguise('20.20.2'), launcher], { cwd: '/' });
  expect(ended.status).toBe(1);
  expect(ended.stderr).toBe(
    'fusescope: Node 20.20.2 is too old (it takes 22 or later). Install a newer Node, or npm install node@24 beside fusescope.\n',
  );
});

test.each([true, false])('signals reach the program, and its end is ours (execve: %s)', async (execve) => {
  const launcher = install(`signals ${execve}`, { node: true });
  const child = spawn(process.execPath, [...disguise('20.20.2', execve), launcher, 'wait'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await new Promise((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data).split('\n'))),
  )) as string[];
  const { pid } = JSON.parse(line ?? '') as { pid: number };
  expect(pid === child.pid).toBe(execve);
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  child.kill('SIGTERM');
  expect(await ended).toBe('SIGTERM');
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('what npm started is told to end with it, also through an old Node', async () => {
  const launcher = install('npm', { node: true });
  const byNpm = { env: { npm_execpath: '/usr/lib/npm-cli.js' } };
  for (const args of [[], disguise('20.20.2'), disguise('20.20.2', false)]) {
    const ended = await run(process.execPath, [...args, launcher], byNpm);
    expect(JSON.parse(ended.stdout)).toMatchObject({ die: '1' });
  }
  const byHand = await run('env', ['-u', 'npm_execpath', process.execPath, launcher]);
  expect(JSON.parse(byHand.stdout)).not.toHaveProperty('die');
});

test('an old Node that stands between ends the program when npm is gone', async () => {
  const launcher = install('orphan', { node: true });
  const args = [...disguise('20.20.2', false), launcher, 'wait'];
  const script = `const { spawn } = require('node:child_process');
    spawn(process.execPath, ${JSON.stringify(args)}, { stdio: 'inherit', env: { ...process.env, npm_execpath: 'npm' } });`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise((resolve) => parent.stdout.once('data', (data) => resolve(String(data))));
  const { pid } = JSON.parse(line as string) as { pid: number };
  parent.kill('SIGKILL');
  await until('the program to end', () => {
    try {
      return !process.kill(pid, 0);
    } catch {
      return true;
    }
  });
});
