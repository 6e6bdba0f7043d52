// The filter field: one line of the filter language, coloured as it is read, with completion and with errors
// where they are. A filter that cannot be read is not put in force; the last good one stays.
import { ListFilter, X } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { complete, type Suggestion } from '../../shared/filter/complete.ts';
import { useKeys } from '../keys/keys.ts';
import { live } from '../live/feed.ts';
import { visible } from '../ui/visible.ts';
import { rememberFilter, takeBackFilter } from './history.ts';
import { filterPieces, readFilter } from './pieces.ts';
import './bar.css';

interface FilterBarProps {
  /** The filter in force. */
  filter: string;
  onFilter: (filter: string) => void;
  /** Where the view can show a filter ahead of the URL: called with each letter that leaves one that can be read. */
  onTyped?: (filter: string) => void;
  /** Shown while the field is empty. */
  hint: string;
  /** Process names and paths that are on screen, for completion. */
  seen?: () => { comms: string[]; paths: string[] };
}

/** Less than a frame: a look at what a filter leaves ends by itself, so asking with each letter is cheap. */
const TYPING_MS = 10;
/** Where the view is ahead of it, the URL waits for the letters to rest: all of the page hangs on it. */
const URL_AFTER_MS = 100;
/** Letters that come this close together are one change, for whoever takes it back. */
const ONE_CHANGE_MS = 2_000;
const SHOWN = 8;

export function FilterBar({ filter, onFilter, onTyped, hint, seen }: FilterBarProps) {
  const [text, setText] = useState(filter);
  const [cursor, setCursor] = useState<number | null>(null);
  const [picked, setPicked] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const listId = useId();
  const result = useMemo(() => readFilter(text), [text]);
  const pieces = useMemo(() => filterPieces(text, result), [text, result]);
  const serverError = useStore(live, (state) => state.filterError);
  const completion = useCompletion(text, cursor, seen);
  const open = cursor !== null && completion.items.length > 0;

  // The URL may change by itself: back, undo, a link. What is being typed stays.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(filter);
  }, [filter]);
  const changed = useRef(Number.NEGATIVE_INFINITY);
  /** The last that could be read of what was typed, until it is put in force. */
  const typed = useRef<string | null>(null);
  const put = () => {
    const next = typed.current;
    typed.current = null;
    if (next === null || next === filter.trim()) return;
    const now = performance.now();
    if (now - changed.current > ONE_CHANGE_MS) rememberFilter(filter);
    changed.current = now;
    onFilter(next);
  };
  const latestPut = useRef(put);
  latestPut.current = put;
  const waitMs = onTyped ? URL_AFTER_MS : TYPING_MS;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each letter begins the wait anew
  useEffect(() => {
    const timer = setTimeout(() => latestPut.current(), waitMs);
    return () => clearTimeout(timer);
  }, [text, waitMs]);
  const type = (next: string) => {
    setText(next);
    if (!readFilter(next).ok) return;
    typed.current = next.trim();
    onTyped?.(next.trim());
  };

  const choose = (suggestion: Suggestion) => {
    const next = text.slice(0, completion.from) + suggestion.insert + text.slice(completion.to);
    const at = completion.from + suggestion.insert.length;
    type(next);
    setPicked(-1);
    setCursor(at);
    requestAnimationFrame(() => input.current?.setSelectionRange(at, at));
  };
  useKeys('filter', [
    { keys: ['/'], label: 'filter', foot: true, run: () => input.current?.focus() },
    {
      keys: ['u'],
      label: 'undo filter',
      foot: true,
      run: () => {
        const before = takeBackFilter();
        if (before !== null) onFilter(before);
      },
    },
  ]);
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    const pick = open ? completion.items[picked] : undefined;
    if (open && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      const by = event.key === 'ArrowDown' ? 1 : -1;
      const count = Math.min(SHOWN, completion.items.length);
      setPicked((now) => ((now < 0 && by < 0 ? 0 : now) + by + count) % count);
    } else if (pick && (event.key === 'Enter' || event.key === 'Tab')) choose(pick);
    else if (event.key === 'Enter') {
      put();
      setCursor(null);
    } else if (event.key === 'Escape') {
      if (open) setCursor(null);
      else input.current?.blur();
    } else return;
    event.preventDefault();
  };
  // A word that is still being typed is no error yet.
  const typing = !result.ok && open && result.error.at + result.error.length >= completion.from;
  const clientError = result.ok || typing ? null : result.error.message;
  const message = clientError ?? (text.trim() === filter.trim() ? serverError : null);
  return (
    <div className="filter-field">
      <div className={`fin ${message ? 'bad' : ''}`}>
        <ListFilter className="ic" aria-hidden />
        <div className="fin-text">
          <div className="fin-back" ref={scroller} aria-hidden="true">
            {pieces.map((piece, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
              <span key={i} className={piece.kind}>
                <i>{piece.text.slice(0, piece.keyLength)}</i>
                {piece.text.slice(piece.keyLength)}
              </span>
            ))}
          </div>
          <input
            ref={input}
            value={text}
            placeholder={hint}
            aria-label="Filter"
            role="combobox"
            aria-expanded={open}
            aria-controls={listId}
            aria-autocomplete="list"
            aria-activedescendant={open && picked >= 0 ? `${listId}-${picked}` : undefined}
            aria-invalid={message !== null}
            aria-describedby={message ? `${listId}-message` : undefined}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => {
              type(event.target.value);
              setCursor(event.target.selectionStart);
              setPicked(-1);
            }}
            onFocus={(event) => setCursor(event.target.selectionStart)}
            onSelect={(event) => cursor !== null && setCursor(event.currentTarget.selectionStart)}
            onScroll={(event) => scroller.current?.scrollTo({ left: event.currentTarget.scrollLeft })}
            onBlur={() => {
              put();
              setCursor(null);
            }}
            onKeyDown={onKeyDown}
          />
        </div>
        {text !== '' && (
          <button
            type="button"
            className="fin-clear"
            aria-label="Clear the filter"
            onClick={() => {
              setText('');
              typed.current = null;
              rememberFilter(filter);
              onFilter('');
            }}
          >
            <X className="ic" aria-hidden />
          </button>
        )}
      </div>
      {(open || message) && (
        <div className="fin-pop">
          {message && (
            <p className="fin-message" id={`${listId}-message`} role="alert">
              <b>{message}</b> The last good filter stays in force.
            </p>
          )}
          {open && (
            <div id={listId} role="listbox" aria-label="Completions">
              {completion.items.slice(0, SHOWN).map((item, i) => (
                <div
                  key={item.insert}
                  id={`${listId}-${i}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={i === picked}
                  // Before the field loses the focus.
                  onPointerDown={(event) => {
                    event.preventDefault();
                    choose(item);
                  }}
                >
                  <span className="mono">{visible(item.label)}</span>
                  <span className="dim">{item.about}</span>
                </div>
              ))}
            </div>
          )}
        </div>
      )}
    </div>
  );
}

function useCompletion(text: string, cursor: number | null, seen: FilterBarProps['seen']) {
  const mounts = useStore(live, (state) => state.mounts);
  return useMemo(() => {
    if (cursor === null) return { from: 0, to: 0, items: [] };
    const names = seen?.() ?? { comms: [], paths: [] };
    return complete(text, cursor, { mounts: mounts.map((mount) => mount.mount), ...names });
  }, [text, cursor, mounts, seen]);
}
