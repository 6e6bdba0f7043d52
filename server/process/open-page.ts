// The page in the user's browser, for `serve --open`: xdg-open, in a process of its own.
import { spawn } from 'node:child_process';

/** Asks the desktop to open the address. @param failed told in words why it did not, at most once. */
export function openPage(url: string, failed: (why: string) => void): void {
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    failed('there is no display here');
    return;
  }
  const child = spawn('xdg-open', [url], { stdio: 'ignore', detached: true, cwd: '/' });
  child.once('error', (error: NodeJS.ErrnoException) =>
    failed(error.code === 'ENOENT' ? 'xdg-open is not installed (Debian: xdg-utils)' : error.message),
  );
  child.once('exit', (code) => {
    if (code !== 0) failed(`xdg-open ended with ${code ?? 'a signal'}`);
  });
  // The browser is the user's, and stays when the server ends.
  child.unref();
}
