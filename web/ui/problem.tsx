// What went wrong with a request: what, why, what to do, and the code for those who ask others.
import './problem.css';
import { RequestError } from '../api/client.ts';

interface ProblemProps {
  error: Error;
  onRetry?: () => void;
}

export function Problem({ error, onRetry }: ProblemProps) {
  // What is wrong with a filter, its field says, and asking again would change nothing.
  if (error instanceof RequestError && error.code === 'FUSESCOPE_FILTER')
    return <p className="problem of-filter">The filter cannot be read; its field says why.</p>;
  return (
    <p className="problem" role="alert">
      <b>{error.message.charAt(0).toUpperCase() + error.message.slice(1)}</b>
      {error instanceof RequestError && <code>{error.code}</code>}
      {onRetry && (
        <>
          {' '}
          <button type="button" className="btn sm ghost" onClick={onRetry}>
            Try again
          </button>
        </>
      )}
    </p>
  );
}
