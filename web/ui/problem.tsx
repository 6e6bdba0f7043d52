// What went wrong with a request: what, why, what to do, and the code for those who ask others.
import { RequestError } from '../api/client.ts';

interface ProblemProps {
  error: Error;
  onRetry?: () => void;
}

export function Problem({ error, onRetry }: ProblemProps) {
  return (
    <p className="problem" role="alert">
      <b>{error.message}</b>
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
