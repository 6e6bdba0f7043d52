// Event lines of two minutes side by side: reads are slower in the second, all else is alike. The same each time, but
// for their place in time, which is that of the last few minutes.

const SECOND_US = 1e6;
const LENGTH_S = 60;

interface Stretch {
  fromUs: number;
  toUs: number;
}

/** Durations that go up and down by a fixed pattern, so that no two pieces of time are quite alike. */
const wave = (i: number) => 1 + ((i * 37) % 23) / 23 + ((i * 11) % 7) / 14;

export function twoRanges(nowUs = Date.now() * 1e3): {
  lines: string;
  /** Of operations. */
  count: number;
  before: Stretch;
  after: Stretch;
  /** Filters of two mounts. */
  mounts: [string, string];
} {
  const start = Math.floor(nowUs / SECOND_US) * SECOND_US - 200 * SECOND_US;
  const before = { fromUs: start, toUs: start + LENGTH_S * SECOND_US };
  const after = { fromUs: before.toUs, toUs: before.toUs + LENGTH_S * SECOND_US };
  const lines: string[] = [];
  let id = 0;
  const operation = (op: string, ts: number, durNs: number, path: string, more: object = {}) => {
    const mount = id % 2 === 0 ? '/mnt/even' : '/mnt/odd';
    const base = { mount, id: ++id, op };
    lines.push(
      JSON.stringify({ ev: 'ENTER', ...base, ts, path, pid: 41, tid: 41, comm: 'reader', ...more }),
      JSON.stringify({ ev: 'EXIT', ...base, ts: ts + durNs / 1e3, durNs: Math.round(durNs), errno: 0 }),
    );
  };
  for (const [{ fromUs }, readNs] of [
    [before, 4e6],
    [after, 4e7],
  ] as const) {
    for (let i = 0; i < LENGTH_S * 8; i++) {
      const ts = fromUs + (i * SECOND_US) / 8 + 10_000;
      const size = 4_096 * 2 ** (i % 4);
      operation('read', ts, readNs * wave(i), `/data/${i % 5}.bin`, { size, pid: i % 3 === 0 ? 42 : 41 });
      operation('getattr', ts + 1_000, 5e4 * wave(i), '/data');
    }
    operation('mkdir', fromUs + 30 * SECOND_US, 2e5, '/made');
  }
  return {
    lines: `${lines.join('\n')}\n`,
    count: id,
    before,
    after,
    mounts: ['mount:/mnt/even', 'mount:/mnt/odd'],
  };
}
