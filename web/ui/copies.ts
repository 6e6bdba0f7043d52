// What the view can be copied as: its URL always, and what the view adds: a command, JSON. The `y` sheet and the
// palette list it.
import { useEffect, useRef } from 'react';
import { createStore } from 'zustand/vanilla';
import { shellWord } from '../../shared/shell-word.ts';

export interface CopyChoice {
  label: string;
  /** Shown beside the label, where it is short enough to read. */
  preview?: string;
  text: () => string | Promise<string>;
}

const URL_CHOICE: CopyChoice = { label: 'URL of this view', text: () => location.href };

export const copies = createStore<{ choices: readonly CopyChoice[] }>(() => ({ choices: [URL_CHOICE] }));

/** Adds the view's own choices while it is mounted. `choices` may be new on each render. */
export function useCopies(choices: readonly CopyChoice[]): void {
  const latest = useRef(choices);
  latest.current = choices;
  const shape = choices.map(({ label, preview }) => `${label}\n${preview}`).join('\n');
  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what the choices show
  useEffect(() => {
    const own = latest.current.map((choice, i) => ({
      ...choice,
      text: () => latest.current[i]?.text() ?? '',
    }));
    copies.setState({ choices: [...own, URL_CHOICE] });
    return () => copies.setState({ choices: [URL_CHOICE] });
  }, [shape]);
}

/** A command as a choice: all of it is shown. */
export function commandChoice(command: string): CopyChoice {
  return { label: 'Command', preview: command, text: () => command };
}

/** What is shown as JSON, for programs. */
export function jsonChoice(label: string, value: () => unknown): CopyChoice {
  return { label, text: () => JSON.stringify(value() ?? null, null, 2) };
}

/** A command line of these words. */
export function commandLine(...words: readonly string[]): string {
  return ['fusescope', ...words.map(shellWord)].join(' ');
}
