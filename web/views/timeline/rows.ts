// Which lane stands in which row. A row keeps its place once it has one; callers that live one after the other share
// a row with their kind, so that a shell's many short commands do not fill the screen. Pure.
import type { Lane } from './picture.ts';

export interface Row {
  id: number;
  mountId: number;
  label: string | null;
  lanes: Lane[];
}

export interface Group {
  mountId: number;
  mount: string;
  rows: Row[];
}

interface Place {
  id: number;
  mountId: number;
  label: string | null;
  /** Life of each lane in it, as far as it was seen: µs. */
  lives: Map<string, Life>;
}

interface Life {
  fromUs: number;
  toUs: number;
}

export class RowOrder {
  private readonly places: Place[] = [];
  private readonly placeOf = new Map<string, Place>();
  private readonly groupOrder: number[] = [];
  private next = 1;

  /** The rows of what is there, in an order that only grows. @param rank of a mount; smaller stands higher, at first */
  layOut(lanes: readonly Lane[], stepUs: number, rank: (mountId: number) => number): Group[] {
    const fresh = lanes.filter((lane) => !this.placeOf.has(lane.key));
    fresh.sort((a, b) => Number(hasOpen(b)) - Number(hasOpen(a)) || weight(b, stepUs) - weight(a, stepUs));
    for (const lane of fresh) this.place(lane, stepUs);
    const found = new Map<number, Group>();
    const byPlace = new Map<Place, Lane[]>();
    for (const lane of lanes) {
      const place = this.placeOf.get(lane.key);
      if (!place) continue;
      const life = lifeOf(lane, stepUs);
      const known = place.lives.get(lane.key);
      place.lives.set(lane.key, {
        fromUs: Math.min(life.fromUs, known?.fromUs ?? life.fromUs),
        toUs: Math.max(life.toUs, known?.toUs ?? life.toUs),
      });
      byPlace.set(place, [...(byPlace.get(place) ?? []), lane]);
      if (!found.has(lane.mountId)) {
        found.set(lane.mountId, { mountId: lane.mountId, mount: lane.mount, rows: [] });
      }
    }
    const newGroups = [...found.keys()].filter((mountId) => !this.groupOrder.includes(mountId));
    this.groupOrder.push(...newGroups.sort((a, b) => rank(a) - rank(b)));
    for (const place of this.places) {
      const inPlace = byPlace.get(place);
      const { id, mountId, label } = place;
      if (inPlace) found.get(mountId)?.rows.push({ id, mountId, label, lanes: inPlace });
    }
    return this.groupOrder.flatMap((mountId) => found.get(mountId) ?? []);
  }

  private place(lane: Lane, stepUs: number): void {
    const life = lifeOf(lane, stepUs);
    const apart = (other: Life) => other.toUs <= life.fromUs || other.fromUs >= life.toUs;
    const shared =
      lane.thread === null || lane.label === null
        ? undefined
        : this.places.find(
            (place) =>
              place.mountId === lane.mountId &&
              place.label === lane.label &&
              [...place.lives.values()].every(apart),
          );
    const place = shared ?? this.make(lane);
    place.lives.set(lane.key, life);
    this.placeOf.set(lane.key, place);
  }

  /** Next to its kind, so that the threads of one program stand together. */
  private make(lane: Lane): Place {
    const place = { id: this.next++, mountId: lane.mountId, label: lane.label, lives: new Map() };
    const last = this.places.findLastIndex(
      (one) => one.mountId === lane.mountId && one.label === lane.label && lane.label !== null,
    );
    if (last < 0) this.places.push(place);
    else this.places.splice(last + 1, 0, place);
    return place;
  }
}

const hasOpen = (lane: Lane) => lane.bars.some((bar) => bar.state === 'open');

/** Time that a lane takes on the picture, µs. */
function weight(lane: Lane, stepUs: number): number {
  return lane.bars.reduce((sum, bar) => sum + (bar.durationNs ?? 0) / 1e3, lane.at.length * stepUs * 0.1);
}

function lifeOf(lane: Lane, stepUs: number): Life {
  const first = Math.min(
    (lane.at[0] ?? Number.POSITIVE_INFINITY) * stepUs,
    lane.bars[0]?.startUs ?? Number.POSITIVE_INFINITY,
  );
  let last = ((lane.at.at(-1) ?? Number.NEGATIVE_INFINITY) + 1) * stepUs;
  for (const bar of lane.bars) {
    const end = bar.durationNs === null ? Number.POSITIVE_INFINITY : bar.startUs + bar.durationNs / 1e3;
    last = Math.max(last, end);
  }
  return { fromUs: first, toUs: last };
}
