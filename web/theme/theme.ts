// The theme: what the user chose, and what is drawn. public/theme.js has set it before the first paint.
import { createStore } from 'zustand/vanilla';

export type ThemeChoice = 'light' | 'dark' | 'system';
const KEY = 'fusescope-theme';
const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'dark', dark: 'light', light: 'system' };

interface ThemeState {
  choice: ThemeChoice;
  shown: 'light' | 'dark';
}

const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): ThemeChoice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

function resolve(choice: ThemeChoice): 'light' | 'dark' {
  if (choice !== 'system') return choice;
  return system.matches ? 'dark' : 'light';
}

export const theme = createStore<ThemeState>(() => {
  const choice = stored();
  return { choice, shown: resolve(choice) };
});

/** Takes a choice into force and remembers it where the browser lets us. */
export function setTheme(choice: ThemeChoice): void {
  try {
    if (choice === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // A forbidden storage only means that the choice lasts as long as the tab.
  }
  apply(choice);
}

/** System, dark, light, and round again. */
export function cycleTheme(): void {
  setTheme(NEXT[theme.getState().choice]);
}

function apply(choice: ThemeChoice): void {
  const shown = resolve(choice);
  document.documentElement.dataset.theme = shown;
  theme.setState({ choice, shown });
}

system.addEventListener('change', () => apply(theme.getState().choice));
