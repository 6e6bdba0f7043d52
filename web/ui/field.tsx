// A field of a form: its name above, what is wrong with it or how it is written beneath, tied to it for all readers.
import { useId } from 'react';
import './field.css';

interface FieldProps {
  label: string;
  /** What is wrong; it takes the place of the hint. */
  error?: string | null;
  hint?: string;
  className?: string;
  children: (props: FieldInput) => React.ReactNode;
}

export interface FieldInput {
  id: string;
  'aria-invalid': boolean | undefined;
  'aria-describedby': string | undefined;
}

export function Field({ label, error = null, hint, className, children }: FieldProps) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className={className ? `field ${className}` : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-invalid': error === null ? undefined : true,
        'aria-describedby': said === undefined ? undefined : `${id}-said`,
      })}
      {said !== undefined && (
        <p id={`${id}-said`} className={error === null ? 'field-hint' : 'field-error'}>
          {said}
        </p>
      )}
    </div>
  );
}
