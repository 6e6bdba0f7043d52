// What the server's machine offers, and how to get what is missing.
import { useQuery } from '@tanstack/react-query';
import { doctorQuery } from '../api/queries.ts';
import { StateGlyph } from './glyph.tsx';
import { Problem } from './problem.tsx';
import './findings.css';

const MARKS = { ok: 'yes', warn: 'slow', missing: 'dead' } as const;

export function Findings() {
  const query = useQuery(doctorQuery);
  return (
    <>
      {query.error && <Problem error={query.error} onRetry={() => query.refetch()} />}
      <ul>
        {query.data?.items.map((finding) => (
          <li className="finding" key={finding.name}>
            <StateGlyph state={MARKS[finding.state]} word={false} />
            <span>
              {finding.name}
              <span className="sr">, {finding.state}</span>
            </span>
            <span className="sec">
              {finding.found}
              {finding.how !== null && <span className="dim">. {finding.how}</span>}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
