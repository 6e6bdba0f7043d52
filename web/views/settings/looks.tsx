// How the page looks in this browser.
import { useStore } from 'zustand';
import '../../ui/seg.css';
import { setTheme, type ThemeChoice, theme } from '../../theme/theme.ts';

const CHOICES: readonly (readonly [ThemeChoice, string])[] = [
  ['system', 'As the system'],
  ['dark', 'Dark'],
  ['light', 'Light'],
];

export function Looks() {
  const { choice } = useStore(theme);
  return (
    <section aria-label="Looks">
      <h2>Looks</h2>
      <fieldset className="seg" aria-label="Theme">
        {CHOICES.map(([name, words]) => (
          <button key={name} type="button" aria-pressed={choice === name} onClick={() => setTheme(name)}>
            {words}
          </button>
        ))}
      </fieldset>
      <p className="quiet-note">Kept in this browser. Motion and contrast follow the system.</p>
    </section>
  );
}
