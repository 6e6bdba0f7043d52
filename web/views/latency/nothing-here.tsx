// That no operation is left, and where the operations of a histogram are as rows.
import type { ViewParams } from '../../url/params.ts';
import { withTerm } from '../../url/terms.ts';
import { operationsHref } from '../../url/use.ts';

/** The operations of a histogram as rows; null where no filter leaves just these. */
export function rowsHref({ filter, range }: ViewParams, only: string): string | null {
  return only === '' ? null : operationsHref({ filter: withTerm(filter, only), range });
}

export function NothingHere({ params, onClear }: { params: ViewParams; onClear: () => void }) {
  return (
    <p className="quiet-note">
      No operation ended in this {params.range ? 'range' : 'window'}
      {params.filter === '' ? '' : ' that the filter leaves'}.{' '}
      {params.range ? '' : 'A longer window may hold some. '}
      {params.filter !== '' && (
        <button type="button" className="link" onClick={onClear}>
          Clear the filter
        </button>
      )}
    </p>
  );
}
