#!/usr/bin/env node
// The command `fusescope`. In a checkout it runs the TypeScript sources, packed it runs dist/. Where the caller's
// Node is too old for that, it becomes the pinned Node 24. Plain JavaScript that Node 12 can still read.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const sources = join(root, 'server/cli/main.ts');
const checkout = existsSync(sources);
const main = checkout ? sources : join(root, 'dist/server/cli/main.js');
/** Node 24 runs TypeScript as it is; emitted JavaScript needs 22. */
const wanted = checkout ? 24 : 22;

// npm and npx do not pass SIGTERM on: what they started ends when they are gone.
if (process.env.npm_execpath) process.env.FUSESCOPE_DIE_WITH_PARENT = '1';

if (Number(process.versions.node.split('.')[0]) >= wanted) {
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else {
  const node = pinnedNode();
  if (node) become(node, [main, ...process.argv.slice(2)]);
  else {
    const fix = checkout
      ? 'Run npm ci, which brings Node 24'
      : 'Install a newer Node, or npm install node@24 beside fusescope';
    process.stderr.write(
      `fusescope: Node ${process.versions.node} is too old (it takes ${wanted} or later). ${fix}.\n`,
    );
    process.exit(1);
  }
}

/** The Node that npm's package `node` brought, here or beside us; null where there is none. */
function pinnedNode() {
  try {
    const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node');
    return existsSync(node) ? node : null;
  } catch {
    return null;
  }
}

/**
 * Replaces this process where Node can; else stands between, hands signals on, and ends as the other ends.
 * @param {string} node
 * @param {string[]} args
 */
function become(node, args) {
  if (process.execve) process.execve(node, [node, ...args]);
  const child = spawn(node, args, {
    stdio: 'inherit',
    env: { ...process.env, FUSESCOPE_DIE_WITH_PARENT: '1' },
  });
  const parent = process.ppid;
  /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']).forEach((signal) => {
    process.on(signal, () => child.kill(signal));
  });
  setInterval(() => process.ppid !== parent && process.env.npm_execpath && child.kill(), 500).unref();
  child.on('error', (error) => {
    process.stderr.write(`fusescope: cannot run ${node} (${error.message}). Run npm ci.\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
