// What a bench prints: figures measured side by side in one run. A figure alone says little between machines, so a
// line carries the ratio to what it is compared with, and the goal where the project has one.

export interface Beside {
  /** What the figure is compared with, in words: "0.93 of the plain one". */
  ratio?: string;
  goal?: string;
}

export interface Report {
  /** Begins a table. */
  section(title: string): void;
  line(name: string, figure: string, beside?: Beside): void;
}

export const consoleReport: Report = {
  section: (title) => process.stdout.write(`\n${title}\n`),
  line: (name, figure, { ratio, goal } = {}) => {
    const notes = [ratio, goal === undefined ? undefined : `goal ${goal}`].filter(
      (note) => note !== undefined,
    );
    process.stdout.write(
      `  ${name.padEnd(44)} ${figure.padStart(14)}  ${notes.join(', ')}`.trimEnd().concat('\n'),
    );
  },
};
