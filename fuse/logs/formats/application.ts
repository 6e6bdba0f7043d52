// Logs of applications: zerolog's console (`10:11AM ERR …`) and JSON, zap and slog JSON, logfmt, `time LEVEL message`.
// They have no operations; what they tell of are problems (problems.ts).
import { problemFrom, readAppLine } from '../problems.ts';
import { FOREIGN, type LogReader, type ReaderContext, TAKEN, type Verdict } from '../reader.ts';

export class ApplicationReader implements LogReader {
  readonly #context: ReaderContext;

  constructor(context: ReaderContext) {
    this.#context = context;
  }

  line(text: string, number: number): Verdict {
    const line = readAppLine(text, this.#context.clock);
    if (!line) return FOREIGN;
    const problem = problemFrom(line, number);
    if (problem) this.#context.sink.problem(problem);
    return TAKEN;
  }
}
