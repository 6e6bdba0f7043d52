// The barcode of the lanes as small pictures that are kept, so that moving the view only puts them elsewhere. A tile is
// drawn when it first comes into view, and again when what it shows has changed: other lines, another part of the
// picture, another theme. Another zoom begins anew.
import type { Picture } from './picture.ts';
import type { Line } from './places.ts';
import type { Scale } from './viewport.ts';

/** Side of a tile, CSS px, about: it is a whole number of the screen's own. */
const SIDE_PX = 256;
const SAME_ZOOM = 1e-5;
/** From here on even so little would show. */
const FAR_PX = 5e4;
/** All tiles together. What is not in view goes first. */
const MOST_BYTES = 32e6;

/** Draws lines, whose `y` counts from the top of all lines, as far as they lie between the ends of the scale. */
export type DrawLines = (c: CanvasRenderingContext2D, scale: Scale, lines: readonly Line[]) => void;

interface Tile {
  canvas: HTMLCanvasElement;
  lines: string;
}

export interface TilesFacts {
  picture: Picture;
  scale: Scale;
  /** Those in view, from the top of all lines. */
  lines: readonly Line[];
  scrollTop: number;
  /** Top of the lanes on the canvas, and their height, CSS px. */
  top: number;
  height: number;
  /** Pixels of the screen to a CSS px. */
  ratio: number;
  theme: string;
}

export class Tiles {
  private readonly tiles = new Map<string, Tile>();
  private readonly spare: HTMLCanvasElement[] = [];
  private known: { picture: Picture; pxPerUs: number; ratio: number; theme: string } | null = null;
  private version = -1;
  /** Tiles count from this moment. */
  private anchorUs = 0;

  /** Puts the lanes on the canvas, whose transform is the identity for it. */
  put(c: CanvasRenderingContext2D, facts: TilesFacts, draw: DrawLines): void {
    this.forgetChanged(facts);
    const { scale, ratio, top, height, scrollTop } = facts;
    const side = Math.round(SIDE_PX * ratio);
    const [left, right] = [Math.round(scale.left * ratio), Math.round(scale.right * ratio)];
    const x0 = Math.round(scale.x(this.anchorUs) * ratio);
    const y0 = Math.round((top - scrollTop) * ratio);
    const bottom = Math.round((top + height) * ratio);
    const wanted = new Set<string>();
    c.save();
    c.setTransform(1, 0, 0, 1, 0, 0);
    for (let row = Math.floor((Math.round(top * ratio) - y0) / side); y0 + row * side < bottom; row++) {
      const lines = facts.lines.filter(
        (line) => (line.y + line.height) * ratio > row * side && line.y * ratio < (row + 1) * side,
      );
      const words = lines.map(wordsOf).join();
      if (words === '') continue;
      for (let column = Math.floor((left - x0) / side); x0 + column * side < right; column++) {
        const key = `${column} ${row}`;
        wanted.add(key);
        const tile = this.tile(key, side);
        if (tile.lines !== words) {
          tile.lines = words;
          this.drawTile(tile.canvas, column * side, row * side, facts, lines, draw);
        }
        c.drawImage(tile.canvas, x0 + column * side, y0 + row * side);
      }
    }
    c.restore();
    this.trim(wanted, side);
  }

  private forgetChanged({ picture, scale: { pxPerUs, left, us }, ratio, theme }: TilesFacts): void {
    const { known } = this;
    const fits =
      known?.picture === picture &&
      // The length of a view that is dragged is the same but for the rounding of its ends.
      Math.abs(known.pxPerUs / pxPerUs - 1) < SAME_ZOOM &&
      Math.abs(us(left) - this.anchorUs) * pxPerUs < FAR_PX &&
      known.ratio === ratio;
    if (!fits) {
      this.known = { picture, pxPerUs, ratio, theme };
      this.anchorUs = us(left);
      this.forget(() => true);
    } else if (known.theme !== theme) {
      // Counted from the same moment, so that nothing moves by the rounding of its place.
      known.theme = theme;
      this.forget(() => true);
    } else if (this.version !== picture.version) {
      const changed = picture.changedSince(this.version);
      const side = Math.round(SIDE_PX * ratio);
      const place = (us: number) => Math.floor(((us - this.anchorUs) * pxPerUs * ratio) / side);
      const [first, last] = [place(changed.fromUs), place(changed.toUs)];
      this.forget((column) => column >= first && column <= last);
    }
    this.version = picture.version;
  }

  private forget(which: (column: number) => boolean): void {
    for (const [key, tile] of this.tiles) if (which(Number.parseInt(key, 10))) tile.lines = '';
  }

  private tile(key: string, side: number): Tile {
    let tile = this.tiles.get(key);
    if (!tile) {
      tile = { canvas: this.spare.pop() ?? document.createElement('canvas'), lines: '' };
      this.tiles.set(key, tile);
    }
    if (tile.canvas.width !== side) {
      tile.canvas.width = side;
      tile.canvas.height = side;
    }
    return tile;
  }

  private drawTile(
    canvas: HTMLCanvasElement,
    x: number,
    y: number,
    { picture, ratio }: TilesFacts,
    lines: readonly Line[],
    draw: DrawLines,
  ): void {
    const c = canvas.getContext('2d');
    if (!c) return;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, canvas.width, canvas.height);
    c.setTransform(ratio, 0, 0, ratio, -x, -y);
    const { pxPerUs = 1 } = this.known ?? {};
    const width = canvas.width / ratio;
    // What begins left of the tile may reach into it.
    const reach = picture.stepUs * pxPerUs + 4;
    const left = x / ratio - reach;
    const right = x / ratio + width;
    draw(
      c,
      {
        left,
        right,
        width: right - left,
        pxPerUs,
        x: (us) => (us - this.anchorUs) * pxPerUs,
        us: (px) => this.anchorUs + px / pxPerUs,
      },
      lines,
    );
  }

  private trim(wanted: ReadonlySet<string>, side: number): void {
    const most = Math.max(wanted.size, Math.floor(MOST_BYTES / (side * side * 4)));
    for (const [key, tile] of this.tiles) {
      if (this.tiles.size <= most) return;
      if (wanted.has(key)) continue;
      this.tiles.delete(key);
      if (this.spare.length < 4) this.spare.push(tile.canvas);
    }
  }
}

/** Says whether a line is the same as when it was drawn. */
const wordsOf = ({ y, row }: Line): string => `${y}:${row ? `${row.id}/${row.lanes.length}` : 'head'}`;
