// The keyboard: one listener, layers of keys, the topmost layer that knows a key takes it. What is
// registered here is what the foot and the `?` sheet list, so that they cannot part from what works.
import { useEffect, useRef } from 'react';
import { createStore } from 'zustand/vanilla';

export interface KeyAction {
  /** As `KeyboardEvent.key`; `Mod+k` is Ctrl or Cmd with k. */
  keys: readonly string[];
  /** How it is written for people; absent: the first key. */
  shownAs?: string;
  label: string;
  /** Stands in the foot of its view. */
  foot?: boolean;
  /** Works while a text field has the focus, too. */
  inText?: boolean;
  run: (event: KeyboardEvent) => void;
}

export interface Layer {
  name: string;
  actions: readonly KeyAction[];
}

/** Name of the layer that lies under all others. */
export const EVERYWHERE = 'everywhere';

export const keyLayers = createStore<{ layers: readonly Layer[] }>(() => ({ layers: [] }));

/** The layers as they are asked: what came last first, what works everywhere last. */
export function topmostFirst(layers: readonly Layer[]): Layer[] {
  const views = layers.filter((layer) => layer.name !== EVERYWHERE).reverse();
  return [...views, ...layers.filter((layer) => layer.name === EVERYWHERE)];
}

/** Adds a layer of keys while the calling component is mounted. `actions` may be new on each render. */
export function useKeys(name: string, actions: readonly KeyAction[]): void {
  const latest = useRef(actions);
  latest.current = actions;
  const shape = actions.map((action) => action.keys.join(' ') + action.label).join('|');
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the actions' keys and words
  useEffect(() => {
    const layer: Layer = {
      name,
      actions: latest.current.map((action, i) => ({
        ...action,
        run: (event) => latest.current[i]?.run(event),
      })),
    };
    keyLayers.setState((state) => ({ layers: [...state.layers, layer] }));
    return () => keyLayers.setState((state) => ({ layers: state.layers.filter((l) => l !== layer) }));
  }, [name, shape]);
}

/** Name of the pressed key as layers write it. */
function keyName(event: KeyboardEvent): string {
  return (event.ctrlKey || event.metaKey) && !event.altKey ? `Mod+${event.key.toLowerCase()}` : event.key;
}

/** Starts listening. @returns the function that ends it */
export function listenForKeys(target: Window = window): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const name = keyName(event);
    const inText = isTextField(event.target);
    const inDialog = event.target instanceof Element && event.target.closest('[role="dialog"],[role="menu"]');
    for (const layer of topmostFirst(keyLayers.getState().layers)) {
      const action = layer.actions.find((a) => a.keys.includes(name));
      if (!action) continue;
      if ((inText || inDialog) && !action.inText) return;
      if (usesKeyItself(event.target, name)) return;
      event.preventDefault();
      action.run(event);
      return;
    }
  };
  target.addEventListener('keydown', onKey);
  return () => target.removeEventListener('keydown', onKey);
}

function isTextField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable)
  );
}

/** Space and Enter belong to the button or link that has the focus. */
function usesKeyItself(target: EventTarget | null, name: string): boolean {
  return (
    (name === ' ' || name === 'Enter') &&
    target instanceof HTMLElement &&
    target.matches('button, a, summary')
  );
}
