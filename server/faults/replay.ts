// Latencies and errors out of a trace, for a rule that makes a mirror behave as the traced mount did. Reads spans as
// the export writes them, and event lines (EXIT with `durNs`), one JSON object a line; keeps a bounded sample each.
import { FAULT_OPS, type FaultEffect, type Samples } from '../../shared/fault.ts';

/** Operations kept of each kind. */
const MOST = 2_000;

/** What a mirror calls an operation that others name otherwise. */
const AS_ON_A_MIRROR: Readonly<Record<string, readonly string[]>> = {
  lookup: ['getattr'],
  rename2: ['rename'],
  readdirplus: ['readdir'],
  setattr: ['chmod', 'chown', 'truncate', 'utimens'],
  statx: ['getattr'],
  tmpfile: ['create'],
};

export interface Sampled {
  effect: NonNullable<FaultEffect['replay']>;
  /** Finished operations that were read, those without an end, and lines that are neither. */
  spans: number;
  open: number;
  foreign: number;
}

interface Told {
  op?: unknown;
  ev?: unknown;
  state?: unknown;
  durationNs?: unknown;
  durNs?: unknown;
  errno?: unknown;
}

/**
 * Draws samples from a trace.
 * @param order in-order keeps the first of each kind as they came; sampled keeps a fair choice of all.
 */
export async function sampleTrace(
  lines: AsyncIterable<string>,
  order: 'sampled' | 'in-order',
  random: () => number = Math.random,
): Promise<Sampled> {
  const samples = new Map<string, Samples & { seen: number }>();
  const counts = { spans: 0, open: 0, foreign: 0 };
  for await (const line of lines) {
    if (line.trim() === '') continue;
    const told = read(line);
    if (told === null) counts.foreign++;
    else if (told === 'open') counts.open++;
    else {
      counts.spans++;
      for (const op of AS_ON_A_MIRROR[told.op] ?? [told.op]) keep(samples, op, told, order, random);
    }
  }
  const plain = [...samples].map(([op, { ns, errno }]): [string, Samples] => [op, { ns, errno }]);
  return { effect: { samples: Object.fromEntries(plain), order }, ...counts };
}

function keep(
  samples: Map<string, Samples & { seen: number }>,
  op: string,
  { ns, errno }: { ns: number; errno: number },
  order: 'sampled' | 'in-order',
  random: () => number,
): void {
  if (!(FAULT_OPS as readonly string[]).includes(op)) return;
  const known = samples.get(op) ?? { ns: [], errno: [], seen: 0 };
  samples.set(op, known);
  known.seen++;
  // A reservoir: each operation stays with the same chance, however many come.
  const full = known.ns.length >= MOST;
  const at = full ? Math.floor(random() * known.seen) : known.ns.length;
  if (full && (order === 'in-order' || at >= MOST)) return;
  known.ns[at] = ns;
  known.errno[at] = errno;
}

function read(line: string): { op: string; ns: number; errno: number } | 'open' | null {
  let told: Told | null;
  try {
    told = JSON.parse(line) as Told | null;
  } catch {
    return null;
  }
  if (typeof told !== 'object' || told === null || typeof told.op !== 'string') return null;
  if (told.ev === 'ENTER') return 'open';
  const ns = told.durationNs ?? told.durNs;
  if (typeof ns !== 'number' || !(ns >= 0)) return told.state === undefined ? null : 'open';
  const errno = typeof told.errno === 'number' && told.errno > 0 && told.errno < 512 ? told.errno : 0;
  return { op: told.op, ns, errno };
}
