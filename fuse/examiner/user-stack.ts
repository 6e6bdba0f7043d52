// From where a thread sleeps to who called that, and so on, by its memory alone: the thread is neither stopped nor
// attached to. Pure. Each step goes by the tables of .eh_frame. Where a file has none, or they count from a register
// whose value is not known (/proc tells but the stack pointer), the stack is searched for the next address that a call
// returns to; such a frame is a guess, and says so. For x86_64.
import { type CallSite, type Code, callBefore } from './call-site.ts';
import { RBP, RETURN, type Row, RSP } from './eh-frame.ts';

/** What the unwinder asks about a process. */
export interface Space extends Code {
  /** The end of the area that a stack pointer is in; null where it is in none. */
  endOfStack(address: number): number | null;
  isCode(address: number): boolean;
  /** Null where there are no tables for it. Its addresses are those of the process. */
  rowAt(address: number): Row | null;
  /** First address of the function that an address is in, by its symbol; asked where there are no tables. */
  startOf(address: number): number | null;
}

export interface StackFrame {
  /** Where it goes on once what it called returns; of the innermost one, where it sleeps. */
  address: number;
  guessed: boolean;
  /** `address` need not be behind a call: the thread was interrupted there. */
  interrupted: boolean;
}

const FRAMES_MAX = 32;
/** Words that are searched for one frame, and for one thread. */
const SEARCH_WORDS = 8_192;
const SEARCH_WORDS_THREAD = 16_384;
const WORD = 8;
/** Registers that a function has to give back as they were: rbx, rbp, r12 to r15. */
const KEPT = [3, 6, 12, 13, 14, 15] as const;
/** Of gregs in ucontext_t, by DWARF's numbers (sysdeps/unix/sysv/linux/x86/sys/ucontext.h in glibc). */
const SIGNAL_AT: ReadonlyMap<number, number> = new Map([
  [12, 4],
  [13, 5],
  [14, 6],
  [15, 7],
  [RBP, 10],
  [3, 11],
  [RSP, 15],
  [RETURN, 16],
]);
/** Of gregs in ucontext_t, which lies where the handler's caller has its stack pointer. */
const GREGS = 40;

/** What is known in one frame. */
interface State {
  address: number;
  sp: number;
  kept: ReadonlyMap<number, number>;
  guessed: boolean;
  interrupted: boolean;
}

/** Frames, innermost first. @param at of the thread, as /proc/PID/task/TID/syscall tells. */
export function unwind(space: Space, at: { pc: number; sp: number }): StackFrame[] {
  const frames: StackFrame[] = [];
  const search = { words: SEARCH_WORDS_THREAD };
  let state: State | null = {
    address: at.pc,
    sp: at.sp,
    kept: new Map(),
    guessed: false,
    interrupted: true,
  };
  while (state && frames.length < FRAMES_MAX) {
    if (!space.isCode(state.address)) break;
    const { address, guessed, interrupted } = state;
    frames.push({ address, guessed, interrupted });
    state = callerOf(space, state, search);
  }
  return frames;
}

/** An address inside the call, not behind it: a call may be the last that a function does. */
export function siteOf({ address, interrupted }: Pick<StackFrame, 'address' | 'interrupted'>): number {
  return interrupted ? address : address - 1;
}

function callerOf(space: Space, state: State, search: { words: number }): State | null {
  const end = space.endOfStack(state.sp);
  if (end === null) return null;
  const row = space.rowAt(siteOf(state));
  // The outermost frame of a chain at rbp has nothing before it.
  if (!row && state.guessed && state.kept.get(RBP) === 0) return null;
  if (!row) return byFramePointer(space, state, end) ?? bySearch(space, state, end, null, search);
  if (row.signal) return interruptedBy(space, state);
  const rule = row.rules.get(RETURN);
  if (rule === 'undefined') return null;
  const { frame } = row;
  const base = frame && (frame.register === RSP ? state.sp : state.kept.get(frame.register));
  const top = frame && base !== null && base !== undefined ? base + frame.offset : null;
  if (top === null || rule === 'unknown') return bySearch(space, state, end, row, search);
  // The frame lies between this stack pointer and the end, or what it goes by is wrong.
  if (top <= state.sp || top > end) return null;
  return withRules(space, state, row, top, false);
}

/** @param top the frame's address: where the stack pointer is once it has returned. */
function withRules(space: Space, state: State, row: Row, top: number, guessed: boolean): State | null {
  const rule = row.rules.get(RETURN);
  const address = space.word(top + (typeof rule === 'object' ? rule.saved : -WORD));
  if (address === null) return null;
  const kept = new Map<number, number>();
  for (const register of KEPT) {
    const one = row.rules.get(register);
    const value =
      one === undefined
        ? state.kept.get(register)
        : typeof one === 'object'
          ? space.word(top + one.saved)
          : null;
    if (value !== undefined && value !== null) kept.set(register, value);
  }
  return { address, sp: top, kept, guessed, interrupted: false };
}

/** The kernel has put all registers on the stack. */
function interruptedBy(space: Space, { sp }: State): State | null {
  const values = new Map<number, number>();
  for (const [register, at] of SIGNAL_AT) {
    const value = space.word(sp + GREGS + at * WORD);
    if (value === null) return null;
    values.set(register, value);
  }
  const address = values.get(RETURN) ?? 0;
  return { address, sp: values.get(RSP) ?? 0, kept: values, guessed: false, interrupted: true };
}

/** Code without tables (made at run time, Go) mostly keeps a chain of frames at rbp. */
function byFramePointer(space: Space, state: State, end: number): State | null {
  const pointer = state.kept.get(RBP);
  if (pointer === undefined || pointer < state.sp || pointer + 2 * WORD > end || pointer % WORD !== 0)
    return null;
  const address = space.word(pointer + WORD);
  const site = address === null ? null : isReturn(space, address);
  if (address === null || !site) return null;
  // The register may have been used for something else.
  const start = site.target === null ? null : space.startOf(siteOf(state));
  if (start !== null && start !== site.target) return null;
  const before = space.word(pointer);
  return {
    address,
    sp: pointer + 2 * WORD,
    kept: new Map(before === null ? [] : [[RBP, before]]),
    guessed: true,
    interrupted: false,
  };
}

function isReturn(space: Space, address: number): CallSite | null {
  return space.isCode(address) ? callBefore(space, address) : null;
}

/** How well an address on the stack fits, the best last. */
const FIT = { poor: 1, possible: 2, good: 3, exact: 4 } as const;

/** The best of what fits, the nearest of equal ones. */
function bySearch(
  space: Space,
  state: State,
  end: number,
  row: Row | null,
  search: { words: number },
): State | null {
  const start = row?.start ?? space.startOf(siteOf(state));
  const to = Math.min(end - WORD, state.sp + Math.min(SEARCH_WORDS, search.words) * WORD);
  let best: { at: number; fit: number } | null = null;
  let at = state.sp;
  for (; at <= to; at += WORD) {
    const address = space.word(at);
    if (address === null) break;
    const site = isReturn(space, address);
    if (!site) continue;
    const fit = fitOf(space, at, end, { row, start }, site);
    if (fit > (best?.fit ?? 0)) best = { at, fit };
    // Where the function is not known, nothing would tell a better one.
    if (fit === FIT.exact || (start === null && fit >= FIT.possible)) break;
  }
  search.words -= (at - state.sp) / WORD;
  if (!best) return null;
  const top = best.at + WORD;
  if (row) return withRules(space, state, { ...row, rules: usual(row) }, top, true);
  const before = space.word(best.at - WORD);
  const kept = new Map(isAbove(before, best.at, end) ? [[RBP, before]] : []);
  return { address: space.word(best.at) ?? 0, sp: top, kept, guessed: true, interrupted: false };
}

/** The return address was found where calls put it, whatever the tables cannot say of it. */
function usual({ rules }: Row): Row['rules'] {
  return new Map([...rules, [RETURN, { saved: -WORD }]]);
}

/** @param at place of a return address on the stack; @param from the function that returns there, as far as it is known. */
function fitOf(
  space: Space,
  at: number,
  end: number,
  from: { row: Row | null; start: number | null },
  { target }: CallSite,
): number {
  const { row, start } = from;
  if (start !== null && target !== null) {
    // By the tables of compilers that keep the stack aligned to 16 at the entry of a function.
    const aligned = row === null || (at + WORD) % 16 === 0;
    return aligned && target === start ? FIT.exact : FIT.poor;
  }
  const saved = row?.rules.get(RBP);
  const before = space.word(typeof saved === 'object' ? at + WORD + saved.saved : at - WORD);
  return isAbove(before, at, end) ? FIT.good : FIT.possible;
}

/** As the frame pointer of a caller is. */
function isAbove(value: number | null, at: number, end: number): value is number {
  return value !== null && value > at && value < end && value % WORD === 0;
}
