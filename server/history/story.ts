// Follows what bore a path through the operations on it and on the directories above, in order of time: across
// renames, through replacement, to its end. Pure.
import type { Chapter, Deed, History } from '../../shared/history.ts';
import type { Span } from '../../shared/span.ts';
import { deedOf, reachesBelow } from './deeds.ts';
import { isAbove, moved } from './names.ts';

type Story = Pick<History, 'names' | 'fate' | 'by' | 'items' | 'earlier'>;

/** One file or directory, whatever it is called at a time. */
interface Thing {
  names: Set<string>;
  told: Chapter[];
}

interface Fate {
  fate: History['fate'];
  by: Chapter | null;
}

class Teller {
  private readonly things: Thing[] = [];
  private readonly now = new Map<string, Thing>();
  private readonly fates = new Map<string, Fate>();
  private readonly names: ReadonlySet<string>;

  constructor(names: ReadonlySet<string>) {
    this.names = names;
  }

  take(span: Span): void {
    const deed = deedOf(span);
    const { path, newPath } = span;
    if (deed === null || path === null) return;
    const named = new Set([path, newPath].filter((name) => name !== null));
    const hit = [...this.names].filter(
      (name) => named.has(name) || (reachesBelow(deed, span) && [...named].some((one) => isAbove(one, name))),
    );
    if (hit.length === 0) return;
    const done = deed !== 'failed' && span.state === 'done';
    const renames = done && deed === 'renamed' && path !== newPath;
    const things = new Map<string, Thing>();
    for (const name of hit) {
      // Where nothing lay, a rename puts something; what it puts is told of under the name that it had.
      const target = renames && moved(name, path, newPath ?? path) === null;
      if (target && !this.now.has(name)) continue;
      const thing = this.thingAt(name);
      things.set(name, thing);
      tell(thing, span, target ? 'replaced' : deed, !named.has(name));
    }
    if (done) this.apply(deed, span, things);
    else for (const [name, thing] of things) this.fate(name, 'unknown', thing);
  }

  story(path: string, limit: number): Story {
    const mine = this.things.filter((thing) => thing.names.has(path));
    const items = mine.flatMap((thing) => thing.told).sort(byTime);
    const unique = items.filter((item, i) => item.spanId !== items[i - 1]?.spanId);
    const names = new Set(mine.flatMap((thing) => [...thing.names]));
    const { fate = 'unknown', by = null } = this.fates.get(path) ?? {};
    return {
      names: [...names],
      fate,
      by,
      items: unique.slice(-limit),
      earlier: Math.max(0, unique.length - limit),
    };
  }

  /** What a name stands for; something new where it was never seen or has gone. */
  private thingAt(name: string): Thing {
    let thing = this.now.get(name);
    if (!thing) {
      thing = { names: new Set([name]), told: [] };
      this.things.push(thing);
      this.now.set(name, thing);
    }
    return thing;
  }

  private apply(deed: Deed, span: Span, things: ReadonlyMap<string, Thing>): void {
    if (deed === 'renamed') {
      this.rename(span, things);
      return;
    }
    for (const [name, thing] of things) {
      const exact = name === span.path || name === span.newPath;
      if (deed === 'removed') {
        this.fate(name, 'removed', thing);
        this.now.delete(name);
      } else if (exact) this.fate(name, 'there', thing);
    }
  }

  private rename(span: Span, things: ReadonlyMap<string, Thing>): void {
    const { path, newPath } = span;
    if (path === null || newPath === null) return;
    const moves = [...things].flatMap(([name, thing]) => {
      const to = moved(name, path, newPath);
      return to === null ? [] : [{ name, to, thing }];
    });
    for (const { name, thing } of moves) {
      this.now.delete(name);
      this.fate(name, 'renamed', thing);
    }
    for (const { to, thing } of moves) {
      thing.names.add(to);
      this.now.set(to, thing);
      this.fate(to, 'there', thing);
    }
  }

  /** The last thing told of it is what brought this about. */
  private fate(name: string, fate: History['fate'], thing: Thing): void {
    const by = thing.told.at(-1);
    // A failure changes nothing of what was known before.
    if (fate === 'unknown' && this.fates.has(name)) return;
    if (by) this.fates.set(name, { fate, by: { ...by } });
  }
}

/** One rename is told of what it moved and of what it replaced; the latter says more. */
function byTime(a: Chapter, b: Chapter): number {
  const more = (one: Chapter) => (one.deed === 'replaced' ? 0 : 1);
  return a.startUs - b.startUs || a.spanId - b.spanId || more(a) - more(b);
}

function tell(thing: Thing, span: Span, deed: Deed, above: boolean): void {
  const last = thing.told.at(-1);
  const again =
    last &&
    last.deed === deed &&
    deed !== 'renamed' &&
    last.op === span.op &&
    last.pid === span.pid &&
    last.path === span.path &&
    last.error === span.error &&
    last.state === span.state;
  if (again) {
    last.count++;
    last.bytes += span.bytes ?? 0;
    last.lastUs = span.startUs;
    return;
  }
  thing.told.push({
    deed,
    above,
    spanId: span.id,
    mountId: span.mountId,
    op: span.op,
    path: span.path,
    newPath: span.newPath,
    startUs: span.startUs,
    lastUs: span.startUs,
    count: 1,
    bytes: span.bytes ?? 0,
    state: span.state,
    error: span.error,
    pid: span.pid,
    uid: span.uid,
    comm: span.comm,
  });
}

/** @param spans on these names or above them, oldest first @param names from `namesOf` */
export function tellStory(
  path: string,
  names: ReadonlySet<string>,
  spans: Iterable<Span>,
  limit: number,
): Story {
  const teller = new Teller(names);
  for (const span of spans) teller.take(span);
  return teller.story(path, limit);
}
