// The stall's sentence with its names in mono.
import type { Span } from '../../shared/span.ts';
import { stallWords } from './stall-text.ts';

/** COMM waits for a READ of NAME on MOUNT; in the past tense once it has ended. */
export function StallSentence({ span }: { span: Span }) {
  const words = stallWords(span);
  return (
    <>
      {words.who} {span.state === 'open' ? 'waits' : 'waited'} for {words.article} {words.op}
      {words.name !== null && (
        <>
          {' '}
          of <span className="name">{words.name}</span>
        </>
      )}{' '}
      on <span className="name">{words.mount}</span>
    </>
  );
}
