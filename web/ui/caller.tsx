// Who asked: the process by name and number. What the kernel does on its own (release, write-back) has no process.
import type { Span } from '../../shared/span.ts';
import { visible } from './visible.ts';

export function Caller({ span }: { span: Pick<Span, 'comm' | 'pid'> }) {
  if (span.pid === 0) return <span className="dim">kernel</span>;
  return (
    <>
      {span.comm === null ? '' : visible(span.comm)} <span className="dim">{span.pid}</span>
    </>
  );
}
