// What a view says that has nothing to show of a recording.
export function NotInRecording({ what }: { what: string }) {
  return (
    <div className="not-here">
      <h1>Not in a recording</h1>
      <p>{what} A recording shows what was.</p>
      <a className="btn" href={typeof location === 'undefined' ? '/' : location.pathname}>
        Go live
      </a>
    </div>
  );
}
