// The field of a form that takes the filter language.
import { Field } from '../../ui/field.tsx';

interface FilterFieldProps {
  value: string;
  onChange: (value: string) => void;
  placeholder: string;
  /** What is wrong with it. */
  error: string | null;
}

export function FilterField({ value, onChange, placeholder, error }: FilterFieldProps) {
  return (
    <Field label="Only operations that match" error={error}>
      {(field) => (
        <input
          {...field}
          className="mono"
          value={value}
          spellCheck={false}
          placeholder={placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
