// A span as the event lines that would tell of it.
import type { Span } from '../../../shared/span.ts';
import { eventLines } from './detail.ts';

export function EventLines({ span }: { span: Span }) {
  const { enter, exit } = eventLines(span);
  return (
    <p className="ev">
      <b>ENTER</b> {enter}
      {exit !== null && (
        <>
          <br />
          <b>EXIT</b> {exit}
        </>
      )}
    </p>
  );
}
