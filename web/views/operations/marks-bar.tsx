// The highlight rules above the table, each with its colour and number, and the field that adds one.
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { parse } from '../../../shared/filter/parse.ts';
import { visible } from '../../ui/visible.ts';
import { MOST_HIGHLIGHTS } from '../../url/params.ts';
import { withMark } from './marks.ts';
import './marks.css';

interface MarksBarProps {
  marks: readonly string[];
  onMarks: (marks: readonly string[]) => void;
  /** The filter field's own text, ready to become a rule. */
  adding: boolean;
  onAdding: (adding: boolean) => void;
}

export function MarksBar({ marks, onMarks, adding, onAdding }: MarksBarProps) {
  return (
    <span className="marks">
      <span className="dim">Highlight</span>
      {marks.map((mark, i) => (
        <span key={mark} className={`mark-rule mark-${i + 1}`}>
          <b aria-hidden="true">{i + 1}</b>
          <code>{visible(mark)}</code>
          <button
            type="button"
            aria-label={`Remove highlight ${visible(mark)}`}
            onClick={() => onMarks(marks.filter((one) => one !== mark))}
          >
            <X className="ic" aria-hidden />
          </button>
        </span>
      ))}
      {adding ? (
        <NewMark
          onDone={(filter) => {
            onAdding(false);
            if (filter !== null) onMarks(withMark(marks, filter, MOST_HIGHLIGHTS));
          }}
        />
      ) : (
        marks.length < MOST_HIGHLIGHTS && (
          <button
            type="button"
            className="add"
            aria-label="Add a highlight rule"
            onClick={() => onAdding(true)}
          >
            <Plus className="ic" aria-hidden />
          </button>
        )
      )}
    </span>
  );
}

function NewMark({ onDone }: { onDone: (filter: string | null) => void }) {
  const [text, setText] = useState('');
  const result = parse(text);
  const message = result.ok ? null : result.error.message;
  return (
    <form
      className="new-mark"
      onSubmit={(event) => {
        event.preventDefault();
        if (result.ok) onDone(text.trim());
      }}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: it appears because someone asked for it
        autoFocus
        value={text}
        aria-label="Filter of the new highlight rule"
        aria-invalid={message !== null}
        placeholder="errno:any -errno:ENOENT"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onDone(null)}
        onBlur={() => text === '' && onDone(null)}
      />
      {message && <span role="alert">{message}</span>}
    </form>
  );
}
