// The examiner's process as the server sees it: started when it is first needed, killed when a look of it hangs, let
// go when nothing is stalled any more. Nothing here waits for it but who asked, and that is bounded.
import type { Logger } from 'pino';
import type { ExamineAnswer, ExamineRequest } from '../../shared/examination.ts';
import { eachLine, type Launch, type Launched } from '../launch/launch.ts';

/** A look that makes no progress for so long hangs. */
const HUNG_MS = 1_500;
/** Starting takes longer on a busy machine. */
const START_MS = 10_000;
/** What hung once is left alone for so long. */
const SKIP_MS = 30_000;
const TRIES = 5;
const IDLE_MS = 60_000;

type Question = Omit<ExamineRequest, 'id' | 'skip'>;

interface Asked {
  id: number;
  resolve(answer: ExamineAnswer): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
  /** Process that is being read; null before the first. */
  at: number | null;
}

/** Null for what is cut off, as by its end. */
function answerOf(line: string): ExamineAnswer | null {
  try {
    return JSON.parse(line) as ExamineAnswer;
  } catch {
    return null;
  }
}

/** What ended it, where another try may do better. */
class Hung extends Error {}

export class Examiner {
  readonly #program: string;
  readonly #launch: Launch;
  readonly #log: Logger;
  readonly #hung = new Map<number, number>();
  #child: Launched | null = null;
  #asked: Asked | null = null;
  #idle: NodeJS.Timeout | null = null;
  #count = 0;
  #closed = false;

  constructor(program: string, launch: Launch, log: Logger) {
    this.#program = program;
    this.#launch = launch;
    this.#log = log;
  }

  /** Its process, where it runs. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** One at a time. @throws Error with the reason where it cannot be had. */
  async examine(question: Question): Promise<ExamineAnswer> {
    if (this.#asked) throw new Error('the examiner has a question already');
    for (let i = 1; ; i++) {
      try {
        return await this.#ask(question);
      } catch (error) {
        if (!(error instanceof Hung) || i === TRIES || this.#closed) throw error;
      }
    }
  }

  close(): void {
    this.#closed = true;
    if (this.#idle) clearTimeout(this.#idle);
    this.#end(new Error('the server ends'));
  }

  #ask(question: Question): Promise<ExamineAnswer> {
    if (this.#closed) return Promise.reject(new Error('the server ends'));
    const child = this.#child ?? this.#start();
    if (this.#idle) clearTimeout(this.#idle);
    const now = performance.now();
    for (const [pid, untilMs] of this.#hung) if (untilMs < now) this.#hung.delete(pid);
    const request: ExamineRequest = { ...question, id: ++this.#count, skip: [...this.#hung.keys()] };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#overdue(), START_MS);
      this.#asked = { id: request.id, resolve, reject, timer, at: null };
      child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  #start(): Launched {
    const child = this.#launch(process.execPath, [this.#program], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    // A pipe to a process that has just ended must not end us.
    child.stdin?.on('error', () => {});
    eachLine(child.stderr, (line) => {
      said = line;
      this.#log.warn({ pid: child.pid }, line);
    });
    eachLine(child.stdout, (line) => {
      // One that was given up may still have told something.
      if (this.#child === child) this.#take(line);
    });
    const gone = (why: string) => {
      if (this.#child !== child) return;
      this.#end(new Hung(said === '' ? why : said));
    };
    child.once('error', (error) => gone(error.message));
    child.once('close', (code, signal) => gone(`the examiner ended with ${signal ?? code}`));
    return child;
  }

  #take(line: string): void {
    const asked = this.#asked;
    if (!asked) return;
    clearTimeout(asked.timer);
    if (/^\d+$/.test(line)) {
      asked.at = Number(line);
      asked.timer = setTimeout(() => this.#overdue(), HUNG_MS);
      return;
    }
    const answer = answerOf(line);
    if (answer?.id !== asked.id) {
      this.#end(new Hung('the examiner said something strange'));
      return;
    }
    this.#asked = null;
    this.#idle = setTimeout(() => this.#end(new Error('nothing was asked')), IDLE_MS);
    this.#idle.unref();
    asked.resolve(answer);
  }

  #overdue(): void {
    const pid = this.#asked?.at ?? null;
    if (pid !== null) {
      this.#hung.set(pid, performance.now() + SKIP_MS);
      this.#log.warn({ pid }, 'reading what this process does hangs; it is left alone for a while');
    }
    this.#end(new Hung('the examiner did not answer in time'));
  }

  /** Kills it. Where it is stuck in the kernel it stays until that lets go of it, and nobody waits for it. */
  #end(error: Error): void {
    const child = this.#child;
    const asked = this.#asked;
    this.#child = null;
    this.#asked = null;
    if (asked) clearTimeout(asked.timer);
    child?.kill('SIGKILL');
    child?.unref();
    asked?.reject(error);
  }
}
