// What became of a log's lines: the counts, the lines that could not be read with their reasons, those of others.
import type { ImportAnswer } from '../../../shared/import.ts';
import { formatCount } from '../../../shared/units.ts';
import { Figure } from '../../ui/figure.tsx';
import { visible } from '../../ui/visible.ts';

const COUNTS = [
  ['lines', 'lines'],
  ['spans', 'operations'],
  ['open', 'open at its end'],
  ['unpaired', 'unpaired'],
  ['stalls', 'stalls'],
  ['problems', 'tell of errors'],
  ['foreign', 'of other programs'],
  ['rejected', 'rejected'],
] as const satisfies readonly (readonly [keyof ImportAnswer, string])[];

export function Report({ report }: { report: ImportAnswer }) {
  const { rejections, rejected, foreignLines, foreign } = report;
  return (
    <div className="rec-report">
      <dl>
        {COUNTS.map(([key, words]) => (
          <div key={key}>
            <dd className={key === 'rejected' && rejected > 0 ? 'sl' : ''}>
              <Figure of={formatCount(report[key])} />
            </dd>
            <dt>{words}</dt>
          </div>
        ))}
      </dl>
      {rejections.length > 0 && (
        <table aria-label="Rejected lines">
          <thead>
            <tr>
              <th scope="col" className="right">
                Line
              </th>
              <th scope="col">Why it was rejected{rejected > rejections.length && ', the first ten'}</th>
              <th scope="col">Its text</th>
            </tr>
          </thead>
          <tbody>
            {rejections.map(({ line, reason, text }) => (
              <tr key={line}>
                <td className="right n">{formatCount(line).text}</td>
                <td>{visible(reason)}</td>
                <td className="mono dim ell">{visible(text)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {foreign > 0 && (
        <details>
          <summary className="link">
            Lines of other programs{foreign > foreignLines.length && `, the first ${foreignLines.length}`}
          </summary>
          <ol>
            {foreignLines.map(({ line, text }) => (
              <li key={line}>
                <span className="n dim">{formatCount(line).text}</span> <code>{visible(text)}</code>
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
}
