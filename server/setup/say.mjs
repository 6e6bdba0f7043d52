// How set-up talks: one line a step, errors as WHAT (WHY). TRY.

/** @param {string} line */
export function say(line) {
  process.stderr.write(`fusescope: ${line}\n`);
}

/** A set-up step that cannot go on. The message is one sentence for a person. */
export class SetupError extends Error {}
