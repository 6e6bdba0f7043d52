// Writes a log such as that of a test run whose cache directory was missing: decoys first (empty auth, API errors), then
// hundreds of files that could not be created, I/O errors at the mount, and in the end a time-out. Stamps have minutes
// only, so that only the order of the lines tells what came first.
// node test/fuse/logs/cascade-log.ts [SEED] > fusefs_tests.log

export interface CascadeOptions {
  seed: number;
  /** How often each decoy comes before the cascade, and among it. */
  decoys?: number;
  decoysAmong?: number;
  cacheErrors?: number;
  ioErrors?: number;
}

export const CAUSE = /^Could not create cache file\. error="open tmp\/test\/content\//;
export const END = /^Timed out waiting for condition: Filesystem failed to mount within timeout/;

export function cascadeLog(options: CascadeOptions): string {
  const { seed, decoys = 4, decoysAmong = 2, cacheErrors = 300, ioErrors = 30 } = options;
  let state = seed >>> 0 || 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const hex = (length: number) => Array.from({ length }, () => '0123456789abcdef'[random(16)]).join('');
  const out: string[] = [];
  let minute = 0;
  const say = (level: string, text: string) => {
    if (random(120) === 0) minute++;
    out.push(`10:${String(10 + minute).padStart(2, '0')}AM ${level} ${text}`);
  };
  const quiet = (count: number) => {
    for (let i = 0; i < count; i++)
      say(random(2) === 0 ? 'INF' : 'DBG', `Fetched item id=${hex(12)} size=${random(9_999)}`);
  };
  const decoy = () => {
    if (random(2) === 0) say('ERR', 'Auth was empty and we attempted to make a request with it!');
    else
      say(
        'ERR',
        'Request failed with API error errorCode=itemNotFound errorMessage="The resource could not be found."',
      );
  };
  say('INF', 'Setting up test environment');
  for (let i = 0; i < decoys * 2; i++) {
    decoy();
    quiet(random(4));
  }
  quiet(20);
  for (let i = 0; i < cacheErrors; i++) {
    say(
      'ERR',
      `Could not create cache file. error="open tmp/test/content/DCC3AB4031B5AE0A!s${hex(32)}: no such file or directory"`,
    );
    quiet(random(3));
    if (decoysAmong > 0 && i % Math.max(1, Math.floor(cacheErrors / decoysAmong)) === 7) decoy();
    if (i > cacheErrors - ioErrors)
      say(
        'DBG',
        'Mount point exists but test file creation failed error="open mount/.test-mount-ready: input/output error"',
      );
  }
  say('ERR', 'Timed out waiting for condition: Filesystem failed to mount within timeout');
  say('INF', 'Cleaning up');
  return `${out.join('\n')}\n`;
}

if (import.meta.main) process.stdout.write(cascadeLog({ seed: Number(process.argv[2] ?? 1) }));
