// What lies over the view: one layer at a time.
import { createStore } from 'zustand/vanilla';

type Layer = 'palette' | 'keys' | 'copy';

export const layers = createStore<{ open: Layer | null }>(() => ({ open: null }));

export const openLayer = (open: Layer | null): void => layers.setState({ open });
export const toggleLayer = (which: Layer): void =>
  layers.setState(({ open }) => ({ open: open === which ? null : which }));
