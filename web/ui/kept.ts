// What the reader has set for this browser: in localStorage where it lets us, else for as long as the tab lives.
import { createStore, type StoreApi } from 'zustand/vanilla';

/** A store under `fusescope-NAME`. @param read makes a value of what was stored; anything may stand there */
export function kept<T>(name: string, usual: T, read: (stored: unknown) => T): StoreApi<T> {
  const key = `fusescope-${name}`;
  const store = createStore<T>(() => {
    try {
      const text = localStorage.getItem(key);
      return text === null ? usual : read(JSON.parse(text));
    } catch {
      return usual;
    }
  });
  store.subscribe((value) => {
    try {
      if (value === usual) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // A forbidden storage only means that the choice lasts as long as the tab.
    }
  });
  return store;
}
