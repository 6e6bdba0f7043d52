// The timeline as a table: its lanes with what each did in the time that is in view, and the longest of its bars.
import { formatCount } from '../../../shared/units.ts';
import { Age } from '../../ui/age.tsx';
import { Duration, None } from '../../ui/figure.tsx';
import { Op } from '../../ui/glyph.tsx';
import { PathText } from '../../ui/path.tsx';
import { clockText } from '../../ui/time.ts';
import { visible } from '../../ui/visible.ts';
import type { TimelineModel } from './model.ts';
import { type Bar, barEnd, lowerBound, type Picture } from './picture.ts';
import type { Row } from './rows.ts';
import type { Viewport } from './viewport.ts';
import '../../ui/as-table.css';

interface RowFacts {
  count: number;
  errors: number;
  open: Bar | null;
  longest: Bar | null;
}

/** What a row holds of a stretch of time. */
export function factsOf(picture: Picture, row: Row, view: Viewport): RowFacts {
  const facts: RowFacts = { count: 0, errors: 0, open: null, longest: null };
  for (const lane of row.lanes) {
    const last = lowerBound(lane.at, Math.ceil(view.toUs / picture.stepUs));
    for (let i = lowerBound(lane.at, Math.floor(view.fromUs / picture.stepUs)); i < last; i++) {
      facts.count += lane.count[i] ?? 0;
      facts.errors += lane.errors[i] ?? 0;
    }
    for (const bar of lane.bars) {
      if (bar.startUs > view.toUs || (barEnd(bar) ?? Number.POSITIVE_INFINITY) < view.fromUs) continue;
      facts.count++;
      if (bar.errno > 0) facts.errors++;
      if (bar.durationNs === null) facts.open ??= bar;
      else if (bar.durationNs > (facts.longest?.durationNs ?? -1)) facts.longest = bar;
    }
  }
  return facts;
}

interface TableProps {
  model: TimelineModel;
  onPick: (bar: Bar) => void;
}

export function LaneTable({ model, onPick }: TableProps) {
  model.layOut();
  const { picture } = model.loader;
  const view = model.now();
  const rows = model.lines.flatMap(({ row, group }) => (row && picture ? [{ row, group }] : []));
  return (
    <div className="tl-table as-table">
      <table>
        <caption>
          Lanes from {clockText(view.fromUs)} to {clockText(view.toUs)}
        </caption>
        <thead>
          <tr>
            {['Mount', 'Lane', 'Operations', 'Errors', 'Open since', 'Longest', ''].map((head) => (
              <th
                key={head}
                scope="col"
                className={head === 'Operations' || head === 'Errors' ? 'right' : ''}
              >
                {head === '' ? <span className="sr">Path of the longest</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ row, group }) => {
            const facts = factsOf(picture as Picture, row, view);
            return (
              <tr key={row.id}>
                <td className="mono">{visible(group.mount)}</td>
                <th scope="row">
                  {row.label ? visible(row.label) : 'no caller known'}{' '}
                  {row.label && (
                    <span className="dim">
                      {row.lanes.length === 1 ? row.lanes[0]?.thread : `${row.lanes.length} in turn`}
                    </span>
                  )}
                </th>
                <td className="right">{formatCount(facts.count).text}</td>
                <td className={`right ${facts.errors > 0 ? 'er' : 'dim'}`}>
                  {formatCount(facts.errors).text}
                </td>
                <td>{facts.open ? <PickButton bar={facts.open} onPick={onPick} /> : <None />}</td>
                <td>{facts.longest ? <PickButton bar={facts.longest} onPick={onPick} /> : <None />}</td>
                <td>{facts.longest && <PathText path={facts.longest.path} room={44} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {rows.length === 0 && <p className="quiet-note">Nothing was under way in this time.</p>}
    </div>
  );
}

function PickButton({ bar, onPick }: { bar: Bar; onPick: (bar: Bar) => void }) {
  return (
    <button type="button" className="tl-pick" onClick={() => onPick(bar)}>
      <Op op={bar.op} />
      {bar.durationNs === null ? (
        <span className="st">
          <Age sinceUs={bar.startUs} />
        </span>
      ) : (
        <Duration ns={bar.durationNs} />
      )}
    </button>
  );
}
