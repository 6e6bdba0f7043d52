// Unmounting, always by fusermount in a child: it works for root and users alike, and a child can be killed.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** fusermount (fuse 2 or 3), or null. libfuse 2 itself looks only for this name. */
export function findFusermount(): string | null {
  const dirs = ['/bin', '/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  for (const dir of dirs) {
    const file = join(dir, 'fusermount');
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this one.
    }
  }
  return null;
}

/** @returns null when unmounted, else what fusermount said. */
export function unmount(mountpoint: string, lazy: boolean): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(findFusermount() ?? 'fusermount', [lazy ? '-uz' : '-u', mountpoint], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status) => resolve(status === 0 ? null : said.trim() || `exit ${status}`));
  });
}

/** For the last moment of a process. Lazy, because a plain unmount may wait for answers that we no longer give. */
export function unmountNow(mountpoint: string): void {
  spawnSync(findFusermount() ?? 'fusermount', ['-uz', mountpoint], { stdio: 'ignore', timeout: 1000 });
}

/** What a look at a mount point gave: it answers, its daemon is gone, or nothing came in time. */
export type Liveness = 'alive' | 'dead' | 'silent';

/** Looks at a mounted directory from a child, which is left behind where it hangs. */
export function probe(mountpoint: string, timeoutMs = 2000): Promise<Liveness> {
  return new Promise((resolve) => {
    const child = spawn('stat', ['-f', '--', mountpoint], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      detached: true,
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      child.unref();
      child.stderr.destroy();
      resolve('silent');
    }, timeoutMs);
    child.on('error', () => undefined);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(said.includes('Transport endpoint is not connected') ? 'dead' : 'alive');
    });
  });
}
