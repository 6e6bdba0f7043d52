// What set-up looks at before it does anything, and the lockfile that it relies on.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDevice } from '../../server/setup/device.mjs';
import { missingEntries, platformOf } from '../../server/setup/lock.mjs';
import { installed } from '../../server/setup/packages.mjs';
import { sourceHash } from '../../server/setup/page.mjs';
import { BUILD_NEEDS, installCommand, MOUNT_NEEDS, missing, TEST_NEEDS } from '../../server/setup/system.mjs';
import { run } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';

const made: string[] = [];
afterAll(() => {
  for (const dir of made) rmSync(dir, { recursive: true });
});

function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'fusescope-setup-'));
  made.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('a bare machine is told the one command that it needs', () => {
  const bare = { program: () => false, library: () => false, header: () => false, font: () => false };
  const needs = missing([...MOUNT_NEEDS, ...BUILD_NEEDS], bare);
  expect(installCommand(needs)).toBe('sudo apt-get install -y fuse3 libfuse2 gcc libc6-dev');
});

test('a machine that has everything lacks nothing', () => {
  const full = { program: () => true, library: () => true, header: () => true, font: () => true };
  expect(missing([...MOUNT_NEEDS, ...BUILD_NEEDS, ...TEST_NEEDS], full)).toEqual([]);
});

test('packages are installed when each is there in its locked version', () => {
  const lock = {
    packages: {
      '': { version: '1.0.0' },
      'node_modules/a': { version: '1.2.3' },
      'node_modules/other-platform': { version: '4.0.0', optional: true },
    },
  };
  const there = (packages: object) =>
    tree({
      'package-lock.json': JSON.stringify(lock),
      'node_modules/.package-lock.json': JSON.stringify({ packages }),
    });
  expect(installed(there({ 'node_modules/a': { version: '1.2.3' } }))).toBe(true);
  expect(installed(there({ 'node_modules/a': { version: '1.2.2' } }))).toBe(false);
  expect(installed(there({}))).toBe(false);
  expect(installed(tree({ 'package-lock.json': JSON.stringify(lock) }))).toBe(false);
  expect(() => installed(tree({ 'package-lock.json': '<<<<<<<' }))).toThrow('package-lock.json');
});

test('the page is built again when a source, a name or a locked version changes, and for nothing else', () => {
  const files = { 'web/index.html': '<p>', 'shared/a.ts': 'a', 'package-lock.json': '{}' };
  const hash = sourceHash(tree(files));
  expect(sourceHash(tree({ ...files, 'server/x.ts': 'x', 'web/pictures/p.png': 'p' }))).toBe(hash);
  expect(sourceHash(tree({ ...files, 'shared/a.ts': 'b' }))).not.toBe(hash);
  expect(sourceHash(tree({ ...files, 'web/b.ts': '' }))).not.toBe(hash);
  expect(sourceHash(tree({ ...files, 'package-lock.json': '{ }' }))).not.toBe(hash);
});

test('the lockfile names every platform package, as npm ci wants, and no registry', () => {
  const text = readFileSync('package-lock.json', 'utf8');
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  expect(missingEntries(packages)).toEqual({});
  expect(text).not.toContain('"resolved"');
});

test('a platform package that a registry left out is completed from its name', () => {
  const packages = {
    'node_modules/tool': {
      dev: true,
      optionalDependencies: { '@tool/cli-linux-arm64-musl': '1.2.3', there: '^1.0.0' },
    },
    'node_modules/tool/node_modules/there': { version: '1.0.0' },
  };
  expect(missingEntries(packages)).toEqual({
    'node_modules/@tool/cli-linux-arm64-musl': {
      version: '1.2.3',
      cpu: ['arm64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    },
  });
  expect(platformOf('@swc/core-linux-arm-gnueabihf')).toEqual({
    os: ['linux'],
    cpu: ['arm'],
    libc: ['glibc'],
  });
  expect(() => missingEntries({ '': { optionalDependencies: { plain: '^1.0.0' } } })).toThrow('plain@^1.0.0');
});

test('set-up refuses a target that it does not know', async () => {
  const ended = await run(process.execPath, ['server/setup/setup.mjs', 'everything']);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toContain('fusescope: no such target: everything.');
});

describeWith(['root'], 'set-up as root', () => {
  test('opens a FUSE device that is for root alone to everyone, and leaves any other as it is', () => {
    const device = join(tree({ fuse: '' }), 'fuse');
    const modeAfter = (mode: number) => {
      chmodSync(device, mode);
      openDevice(device);
      return statSync(device).mode & 0o777;
    };
    expect(modeAfter(0o600)).toBe(0o666);
    expect(modeAfter(0o777)).toBe(0o777);
    expect(() => openDevice(join(device, 'none'))).not.toThrow();
  });
});
