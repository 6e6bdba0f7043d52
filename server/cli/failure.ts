// An error that the command line shows as one sentence: WHAT (WHY). TRY.

export class CliError extends Error {
  override name = 'CliError';
  readonly status: number;

  /** @param status exit status: 1 failure, 2 usage. */
  constructor(message: string, status = 1) {
    super(message);
    this.status = status;
  }
}
