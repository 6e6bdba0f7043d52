// Completes package-lock.json: `npm ci` wants an entry for every optional package, also those of platforms that
// never get installed here, and npm leaves out the ones that a partial registry mirror does not carry.
// An entry added here has the platform that its name says and no integrity, so npm never installs it on Linux x64.
// Run it after npm install: node server/setup/lock.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
  'aix',
];
const CPU = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

/**
 * @typedef {{version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *   optionalDependencies?: Record<string, string>}} Entry   of `packages` in a lockfile
 */

/** The os, cpu and libc that a platform package's name says, e.g. `@swc/core-linux-arm-gnueabihf`.  @param {string} name */
export function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = OS.filter((one) => words.includes(one));
  const cpu = CPU.filter((one) => words.includes(one));
  const libc = words.some((word) => word.startsWith('musl'))
    ? ['musl']
    : words.some((word) => word.startsWith('gnu'))
      ? ['glibc']
      : [];
  return { os, cpu, libc };
}

/** The entries that `packages` of a lockfile lacks, by their path.  @param {Record<string, Entry>} packages */
export function missingEntries(packages) {
  /** @type {Record<string, Entry>} */
  const missing = {};
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (found(packages, path, name)) continue;
      const { os, cpu, libc } = platformOf(name);
      if (os.length === 0 || !/^\d+\.\d+\.\d+/.test(range))
        throw new Error(`${name}@${range} of ${path}: not the exact version of a platform package`);
      missing[`node_modules/${name}`] = {
        version: range,
        cpu: cpu.length > 0 ? cpu : undefined,
        dev: entry.dev,
        libc: libc.length > 0 ? libc : undefined,
        optional: true,
        os,
      };
    }
  }
  return missing;
}

/** Is `name` there for the package at `path`, as Node looks it up?  @type {(packages: object, path: string, name: string) => boolean} */
function found(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if ((at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`) in packages) return true;
    if (at === '') return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = join(dirname(fileURLToPath(import.meta.url)), '../../package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingEntries(lock.packages);
  const paths = [...Object.keys(lock.packages), ...Object.keys(missing)].sort((a, b) =>
    a.localeCompare(b, 'en'),
  );
  lock.packages = Object.fromEntries(paths.map((path) => [path, lock.packages[path] ?? missing[path]]));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`${Object.keys(missing).length} entries added\n`);
}
