// How the mirror refuses: one sentence, `fusescope: WHAT (WHY). TRY`.

/** A refusal that the user can act on. `status` is the exit code: 2 for wrong usage, 1 for the rest. */
export class Failure extends Error {
  override name = 'Failure';
  readonly status: number;

  constructor(what: string, why: string, tryThis: string, status = 1) {
    super(`fusescope: ${what} (${why}). ${tryThis}`);
    this.status = status;
  }
}

/** Message of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s*\n\s*/g, '; ');
}

/** Errno name of a failed system call, or its message where it has none. */
export function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? messageOf(error);
}
