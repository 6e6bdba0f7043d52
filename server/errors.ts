// Every error that the server shows has a stable code. The message says what is wrong, where, and what to do.

const STATUS = {
  FUSESCOPE_FILTER: 400,
  FUSESCOPE_CURSOR: 400,
  FUSESCOPE_TIME: 400,
  FUSESCOPE_INVALID: 400,
  FUSESCOPE_FORMAT: 400,
  FUSESCOPE_UNAUTHORIZED: 401,
  FUSESCOPE_FORBIDDEN: 403,
  FUSESCOPE_NOT_FOUND: 404,
  FUSESCOPE_CONFLICT: 409,
  FUSESCOPE_TOO_LARGE: 413,
  FUSESCOPE_STORE: 503,
  FUSESCOPE_BUSY: 503,
  FUSESCOPE_MIRROR: 502,
  FUSESCOPE_INTERNAL: 500,
} as const;

export type ErrorCode = keyof typeof STATUS;

export class CodedError extends Error {
  override name = 'CodedError';
  readonly code: ErrorCode;
  readonly statusCode: number;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.statusCode = STATUS[code];
  }
}
