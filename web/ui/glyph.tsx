// Shape first, colour second: the state of a mount and the class of an operation as small drawings.
import type { MountState } from '../../shared/mount.ts';
import { opClass } from '../../shared/ops.ts';

export type StateMark = MountState | 'off' | 'yes';

const WORDS: Readonly<Record<StateMark, string>> = {
  ok: 'ok',
  slow: 'slow',
  stalled: 'stalled',
  dead: 'dead',
  gone: 'gone',
  off: 'not watched',
  yes: 'yes',
};

/** Dot ok, triangle slow, fuse stalled, cross dead, dashed ring gone or not watched, tick yes. */
export function StateGlyph({ state, word = true }: { state: StateMark; word?: boolean }) {
  return (
    <svg
      className="g"
      viewBox="0 0 14 14"
      {...(word ? { role: 'img', 'aria-label': WORDS[state] } : { 'aria-hidden': true })}
    >
      {SHAPES[state]}
    </svg>
  );
}

const ring = (
  <circle cx="7" cy="7" r="4" fill="none" stroke="var(--ink-3)" strokeWidth="1.4" strokeDasharray="2 2.2" />
);
const SHAPES: Readonly<Record<StateMark, React.ReactNode>> = {
  ok: <circle cx="7" cy="7" r="3.5" fill="var(--ok-fill)" />,
  slow: <path d="M7 2.2 12.4 11.6H1.6Z" fill="var(--slow-fill)" />,
  stalled: (
    <>
      <path d="M1.5 2.5v9" stroke="var(--stalled-fill)" strokeWidth="2" />
      <path d="M2.5 7H10" stroke="var(--stalled-fill)" strokeWidth="3" />
      <circle cx="11" cy="7" r="2.6" fill="var(--stalled-fill)" />
      <circle cx="11" cy="7" r="1.1" fill="var(--spark-core)" />
    </>
  ),
  dead: <path d="m3 3 8 8M11 3l-8 8" stroke="var(--error-fill)" strokeWidth="2" fill="none" />,
  gone: ring,
  off: ring,
  yes: <path d="m2.5 7.5 3 3 6-7" stroke="var(--ok-fill)" strokeWidth="1.8" fill="none" />,
};

/** The class of an operation and its name. */
export function Op({ op }: { op: string }) {
  return (
    <span className="op">
      <i className={`c c-${opClass(op)}`} aria-hidden="true" />
      {op}
    </span>
  );
}

/** The mark: a fuse that burns. */
export function Logo() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <path d="M3 4v14" stroke="currentColor" strokeWidth="2.4" />
      <path d="M4 11h10" stroke="currentColor" strokeWidth="4" />
      <circle cx="17" cy="11" r="3.4" fill="var(--stalled-fill)" />
      <circle cx="17" cy="11" r="1.4" fill="var(--spark-core)" />
    </svg>
  );
}
