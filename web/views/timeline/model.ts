// The timeline outside React: what is in view, what follows now, what is picked, and when to paint. The view feeds it
// with what the user does and paints what it holds.
import type { LaneKind } from '../../../shared/timeline.ts';
import type { TimeRange } from '../../api/queries.ts';
import { Loader, type LoaderOptions } from './loader.ts';
import type { Bar } from './picture.ts';
import { barsInRow, type Hit, hitAt, type Line, linesOf, RULER_PX } from './places.ts';
import { RowOrder } from './rows.ts';
import { around, lengthOf, moved, scaleOf, type Viewport, zoomed } from './viewport.ts';

/** Room at the right of now while it is followed, as a share of the view. */
const AHEAD = 0.04;

export interface ModelOptions {
  fetch: LoaderOptions['fetch'];
  /** µs up to which the picture goes: now, or since when it stands still. */
  nowUs: () => number;
  /** Whether new operations are to be fetched. */
  running: () => boolean;
  rank: (mountId: number) => number;
}

export class TimelineModel {
  readonly loader: Loader;
  /** Shown as long as nothing else was asked for: the last so many µs. */
  lengthUs = 60e6;
  follow = true;
  hover: Hit | null = null;
  picked: number | null = null;
  selection: TimeRange | null = null;
  marks: readonly number[] = [];
  cursorX: number | null = null;
  scrollTop = 0;
  lanePx = 22;
  lines: readonly Line[] = [];
  linesHeight = 0;
  /** Called with each move of the view that the user has made. */
  onMove: () => void = () => {};
  /** Called where lines came or went. */
  onLines: () => void = () => {};
  private view: Viewport = { fromUs: 0, toUs: 1 };
  private order = new RowOrder();
  private laidOut = -1;
  private plot = { left: 212, width: 1_000 };
  private readonly painters = new Set<() => void>();
  private readonly options: ModelOptions;

  constructor(options: ModelOptions) {
    this.options = options;
    this.loader = new Loader({
      fetch: options.fetch,
      wanted: () => ({
        view: this.now(),
        widthPx: this.plot.width,
        nowUs: options.nowUs(),
        live: options.running(),
      }),
      changed: () => this.repaint(),
    });
  }

  begin(filter: string, lanes: LaneKind): void {
    this.order = new RowOrder();
    this.laidOut = -1;
    this.lines = [];
    this.hover = null;
    this.loader.begin(filter, lanes);
    this.repaint();
  }

  end(): void {
    this.loader.end();
  }

  /** Paints soon whenever something has changed. @returns the end of it */
  onPaint(paint: () => void): () => void {
    this.painters.add(paint);
    return () => this.painters.delete(paint);
  }

  repaint(): void {
    for (const paint of this.painters) paint();
  }

  setPlot(left: number, width: number): void {
    this.plot = { left, width: Math.max(1, width) };
  }

  /** The view of this moment. It moves by whole px while it follows, so that nothing shimmers. */
  now(): Viewport {
    if (!this.follow) return this.view;
    const perPx = this.lengthUs / this.plot.width;
    const toUs = Math.floor((this.options.nowUs() + this.lengthUs * AHEAD) / perPx) * perPx;
    this.view = { fromUs: Math.max(0, toUs - this.lengthUs), toUs };
    return this.view;
  }

  scale() {
    return scaleOf(this.now(), this.plot.left, this.plot.width);
  }

  /** How long one px is, ms: while it follows, nothing moves in less. */
  get msPerPx(): number {
    return this.lengthUs / this.plot.width / 1e3;
  }

  show(view: Viewport): void {
    this.follow = false;
    this.view = view;
    this.loader.look();
    this.repaint();
  }

  followNow(lengthUs = this.lengthUs): void {
    this.follow = true;
    this.lengthUs = lengthUs;
    this.loader.look();
    this.repaint();
  }

  pan(byPx: number): void {
    this.move(moved(this.now(), -byPx / this.scale().pxPerUs));
  }

  panShare(share: number): void {
    const view = this.now();
    this.move(moved(view, share * lengthOf(view)));
  }

  /** Zooms about a place, or about the middle; while now is followed, about now. */
  zoom(factor: number, x?: number): void {
    const scale = this.scale();
    if (this.follow && x === undefined) {
      this.lengthUs = lengthOf(zoomed(this.now(), factor, this.options.nowUs()));
      this.loader.look();
      this.repaint();
      this.onMove();
      return;
    }
    this.move(zoomed(this.now(), factor, scale.us(x ?? scale.left + scale.width / 2)));
  }

  /** All of the picked operation, else of the selection, else of what is loaded. */
  fit(): void {
    const picked = this.pickedBar();
    const nowUs = this.options.nowUs();
    const { picture } = this.loader;
    if (picked) {
      const end = picked.durationNs === null ? nowUs : picked.startUs + picked.durationNs / 1e3;
      this.move(around(picked.startUs, end, 0.5));
    } else if (this.selection?.fromUs != null && this.selection.toUs != null) {
      this.move(around(this.selection.fromUs, this.selection.toUs));
    } else if (picture && !picture.isEmpty) {
      const starts = picture.openBars().map((bar) => bar.startUs);
      this.move(around(Math.min(picture.fromUs, ...starts), Math.min(nowUs, picture.toUs), 0.02));
    }
  }

  private move(view: Viewport): void {
    this.show(view);
    this.onMove();
  }

  toggleMark(us: number): void {
    const near = 6 / this.scale().pxPerUs;
    const others = this.marks.filter((mark) => Math.abs(mark - us) > near);
    this.marks =
      others.length < this.marks.length ? others : [...others, Math.round(us)].sort((a, b) => a - b);
    this.repaint();
    this.onMove();
  }

  /** Where the keys act: at the cursor, the picked operation, or the middle. */
  focusUs(): number {
    const scale = this.scale();
    if (this.cursorX !== null) return scale.us(this.cursorX);
    return this.pickedBar()?.startUs ?? scale.us(scale.left + scale.width / 2);
  }

  pickedBar(): Bar | null {
    return this.picked === null ? null : (this.loader.picture?.find(this.picked)?.bar ?? null);
  }

  hit(x: number, y: number): Hit | null {
    const { picture } = this.loader;
    if (!picture || y < RULER_PX) return null;
    return hitAt(picture, this.lines, this.scale(), x, y - RULER_PX + this.scrollTop, this.options.nowUs());
  }

  /** The bar one goes to from the picked one: along its row, or to the nearest in another row. */
  neighbour(along: number, across: number): { bar: Bar; line: Line } | null {
    this.layOut();
    const rows = this.lines.filter((line) => line.row && barsInRow(line.row).length > 0);
    if (rows.length === 0) return null;
    const at = rows.findIndex((line) =>
      line.row?.lanes.some((lane) => lane.bars.some((bar) => bar.id === this.picked)),
    );
    const line = rows[Math.max(0, Math.min(rows.length - 1, Math.max(at, 0) + across))];
    if (!line?.row) return null;
    const bars = barsInRow(line.row);
    const focus = this.pickedBar()?.startUs ?? this.focusUs();
    const place = bars.findIndex((bar) => bar.id === this.picked);
    const next =
      at < 0 || across !== 0 || place < 0
        ? nearest(bars, focus)
        : bars[Math.max(0, Math.min(bars.length - 1, place + along))];
    return next ? { bar: next, line } : null;
  }

  /** Brings the view to a bar where it does not show it. */
  reveal(bar: Bar): void {
    const view = this.now();
    const end = bar.durationNs === null ? this.options.nowUs() : bar.startUs + bar.durationNs / 1e3;
    const shows = bar.startUs <= view.toUs && (bar.startUs >= view.fromUs || end >= view.fromUs);
    if (shows) this.repaint();
    else this.move(moved(view, bar.startUs - view.fromUs - lengthOf(view) / 3));
  }

  /** Gives the lanes their lines where the picture has changed. */
  layOut(): void {
    const { picture } = this.loader;
    const stamp = picture ? picture.version + picture.stepUs * 1e-9 : -1;
    if (!picture || stamp === this.laidOut) return;
    this.laidOut = stamp;
    const groups = this.order.layOut([...picture.lanes.values()], picture.stepUs, this.options.rank);
    const { lines, height } = linesOf(groups, this.lanePx);
    this.lines = lines;
    if (height !== this.linesHeight) {
      this.linesHeight = height;
      this.onLines();
    }
  }
}

function nearest(bars: readonly Bar[], us: number): Bar | undefined {
  let best = bars[0];
  for (const bar of bars) {
    if (Math.abs(bar.startUs - us) < Math.abs((best?.startUs ?? us) - us)) best = bar;
  }
  return best;
}
