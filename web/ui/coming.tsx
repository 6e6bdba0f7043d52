// The shape of what is on its way, once it has taken long enough to be noticed. It stands still.
import { useEffect, useState } from 'react';
import './coming.css';

const AFTER_MS = 200;

export function Coming({ rows = 8, what }: { rows?: number; what: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late) return null;
  return (
    <div className="coming" role="status">
      <span className="sr">Loading {what}</span>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows that are all alike
        <i key={i} style={{ width: `${[62, 84, 71, 78][i % 4]}%` }} />
      ))}
    </div>
  );
}
