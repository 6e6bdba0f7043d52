// A word of a command that people copy into a shell.

/** The word, quoted where a shell would read something else in it. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
