// A fault as the form has it: texts of fields, the rule they make, and what is wrong with which of them. Pure.
import {
  type Delay,
  FAULT_OPS,
  type FaultEffect,
  type FaultMatch,
  type FaultRule,
  faultProblem,
} from '../../../shared/fault.ts';
import { parseDelay, parseMs } from '../../../shared/fault-text.ts';
import { nearest } from '../../../shared/filter/nearest.ts';
import { parseRange } from '../../../shared/filter/values.ts';
import { commandLine } from '../../ui/copies.ts';

export type Wait = 'none' | 'delay' | 'hang';
export type Act = 'none' | 'errno' | 'partial' | 'corrupt' | 'space' | 'stale' | 'listing' | 'disconnect';

/** First an operation may be made to wait; then the file system answers, or something else happens. */
export const WAITS: Readonly<Record<Wait, string>> = {
  none: 'do not wait',
  delay: 'wait',
  hang: 'hang until released',
};

interface ActField {
  words: string;
  /** Name of its value; null: it has none. */
  asks: string | null;
  hint: string;
  /** Option of `fusescope faults add`. */
  flag: string;
  /** The effect of a value; a sentence where it is none. */
  read: (text: string) => FaultEffect | string;
}

const bytes = (text: string, make: (bytes: number) => FaultEffect): FaultEffect | string => {
  const size = parseRange('size', `>=${text}`);
  return size.ok && text !== '' ? make(size.range.min) : 'Give bytes, such as 512, 4k or 1M';
};
const time = (text: string, make: (ms: number) => FaultEffect): FaultEffect | string => {
  const ms = parseMs(text);
  return ms === null ? 'Give a time, such as 50ms or 2s' : make(ms);
};

export const ACTS: Readonly<Record<Act, ActField>> = {
  none: { words: 'answer as ever', asks: null, hint: '', flag: '', read: () => ({}) },
  errno: {
    words: 'fail',
    asks: 'With',
    hint: 'EIO, ENOSPC, ETIMEDOUT, EINTR, any name',
    flag: '--errno',
    read: (text) => (text === '' ? 'Give a name, such as EIO' : { errno: text.toUpperCase() }),
  },
  partial: {
    words: 'move fewer bytes',
    asks: 'At most',
    hint: 'of each read or write; 0: none',
    flag: '--partial',
    read: (text) => bytes(text, (maxBytes) => ({ partial: { maxBytes } })),
  },
  corrupt: {
    words: 'change bytes',
    asks: 'How many',
    hint: 'of each read or write',
    flag: '--corrupt',
    read: (text) => bytes(text, (count) => ({ corrupt: { bytes: count } })),
  },
  space: {
    words: 'run out of space',
    asks: 'After',
    hint: 'bytes written, such as 1M',
    flag: '--space',
    read: (text) => bytes(text, (count) => ({ space: { bytes: count } })),
  },
  stale: {
    words: 'show old attributes',
    asks: 'How old',
    hint: 'at most, such as 500ms',
    flag: '--stale',
    read: (text) => time(text, (ms) => ({ stale: { ms } })),
  },
  listing: {
    words: 'list slowly',
    asks: 'For each entry',
    hint: 'such as 5ms',
    flag: '--list-delay',
    read: (text) => time(text, (perEntryMs) => ({ listing: { perEntryMs } })),
  },
  disconnect: {
    words: 'end the file system',
    asks: null,
    hint: '',
    flag: '--disconnect',
    read: () => ({ disconnect: true }),
  },
};

export interface RuleForm {
  preset: string;
  op: string;
  path: string;
  comm: string;
  every: string;
  after: string;
  first: string;
  probability: string;
  wait: Wait;
  delay: string;
  act: Act;
  value: string;
  ttl: string;
  note: string;
}

export const EMPTY_FORM: RuleForm = {
  preset: '',
  op: '',
  path: '',
  comm: '',
  every: '',
  after: '',
  first: '',
  probability: '',
  wait: 'delay',
  delay: '',
  act: 'none',
  value: '',
  ttl: '',
  note: '',
};

export type FormErrors = Partial<Record<keyof RuleForm, string>>;

/** The rule of a form, or null where `errors` names the fields that are wrong. */
export function readForm(form: RuleForm): { rule: FaultRule | null; errors: FormErrors } {
  const errors: FormErrors = {};
  const match = readMatch(form, errors);
  const effect: FaultEffect = {};
  if (form.wait === 'hang') effect.hang = {};
  if (form.wait === 'delay') {
    const delay = parseDelay(form.delay);
    if (delay) effect.delay = delay;
    else errors.delay = 'Give a time: 50ms, 10ms..80ms, 50ms+-10ms or 20ms/p99=2s';
  }
  const act = ACTS[form.act].read(form.value.trim());
  if (typeof act === 'string') errors.value = act;
  else Object.assign(effect, act);
  const ttlMs = form.ttl.trim() === '' ? null : parseMs(form.ttl);
  if (form.ttl.trim() !== '' && (ttlMs === null || ttlMs < 1)) errors.ttl = 'Give a time, such as 10m';
  const rule: FaultRule = {
    ...(Object.keys(match).length === 0 ? {} : { match }),
    effect,
    ...(ttlMs === null ? {} : { ttlMs }),
    ...(form.note.trim() === '' ? {} : { note: form.note.trim() }),
    ...(form.preset === '' ? {} : { preset: form.preset }),
  };
  const problem = Object.keys(errors).length === 0 ? faultProblem(rule) : null;
  if (problem !== null) errors[fieldOf(problem)] = sentence(problem);
  return { rule: Object.keys(errors).length === 0 ? rule : null, errors };
}

function readMatch(form: RuleForm, errors: FormErrors): FaultMatch {
  const match: FaultMatch = {};
  const ops = opsOf(form.op);
  const unknown = ops.find((op) => !(FAULT_OPS as readonly string[]).includes(op));
  if (unknown !== undefined && !['lookup', 'setattr'].includes(unknown)) {
    const near = nearest(unknown, FAULT_OPS);
    errors.op = `A mirror has no operation ${unknown}${near ? `; did you mean ${near}?` : ''}`;
  }
  if (ops.length > 0) match.op = ops;
  if (form.path.trim() !== '') match.path = form.path.trim();
  if (form.comm.trim() !== '') match.comm = form.comm.trim();
  for (const field of ['every', 'after', 'first'] as const) {
    const text = form[field].trim();
    if (text === '') continue;
    const count = Number(text);
    const least = field === 'after' ? 0 : 1;
    if (/^\d{1,15}$/.test(text) && count >= least) match[field] = count;
    else errors[field] = `Give a whole number from ${least} on`;
  }
  const chance = form.probability.trim();
  if (chance !== '') {
    const share = chance.endsWith('%') ? Number(chance.slice(0, -1)) / 100 : Number(chance);
    if (share >= 0 && share <= 1) match.probability = share;
    else errors.probability = 'Give a share from 0 to 1, or 20%';
  }
  return match;
}

const opsOf = (text: string) => text.split(/[\s,]+/).filter((op) => op !== '');

/** The field that a problem of a whole rule belongs to. */
function fieldOf(problem: string): keyof RuleForm {
  if (/no effect/.test(problem)) return 'act';
  if (/errno/.test(problem)) return 'value';
  if (/delay/.test(problem)) return 'delay';
  return 'op';
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

/** The fields of a rule that the form has fields for. */
export function formOf(rule: FaultRule, preset = ''): RuleForm {
  const { match = {}, effect, ttlMs, note } = rule;
  const [act, value] = actOf(effect);
  return {
    preset,
    op: match.op?.join(', ') ?? '',
    path: match.path ?? '',
    comm: match.comm ?? '',
    every: text(match.every),
    after: text(match.after),
    first: text(match.first),
    probability: text(match.probability),
    wait: effect.hang ? 'hang' : effect.delay ? 'delay' : 'none',
    delay: effect.delay ? delayInput(effect.delay) : '',
    act,
    value,
    ttl: ttlMs === undefined ? '' : `${ttlMs}ms`,
    note: note ?? '',
  };
}

const text = (value: number | undefined) => (value === undefined ? '' : String(value));

function actOf({ errno, partial, corrupt, space, stale, listing, disconnect }: FaultEffect): [Act, string] {
  if (errno !== undefined) return ['errno', errno];
  if (partial?.maxBytes !== undefined) return ['partial', String(partial.maxBytes)];
  if (corrupt) return ['corrupt', String(corrupt.bytes)];
  if (space) return ['space', String(space.bytes)];
  if (stale) return ['stale', `${stale.ms}ms`];
  if (listing) return ['listing', `${listing.perEntryMs}ms`];
  return disconnect ? ['disconnect', ''] : ['none', ''];
}

/** A delay as people type it: the inverse of parseDelay. */
function delayInput(delay: Delay): string {
  switch (delay.kind) {
    case 'fixed':
      return `${delay.ms}ms`;
    case 'uniform':
      return `${delay.minMs}ms..${delay.maxMs}ms`;
    case 'normal':
      return `${delay.meanMs}ms+-${delay.deviationMs}ms`;
    case 'long-tail':
      return `${delay.medianMs}ms/p99=${delay.p99Ms}ms`;
  }
}

/** The command that adds the same rule. */
export function addCommand(mount: string, form: RuleForm): string {
  const { asks, flag } = ACTS[form.act];
  const options: readonly (readonly [string, string])[] = [
    ['--op', opsOf(form.op).join(',')],
    ['--path', form.path.trim()],
    ['--comm', form.comm.trim()],
    ['--every', form.every.trim()],
    ['--after', form.after.trim()],
    ['--first', form.first.trim()],
    ['--probability', shareOf(form.probability.trim())],
    ['--delay', form.wait === 'delay' ? form.delay.trim() : ''],
    [flag, asks === null ? '' : form.value.trim()],
    ['--ttl', form.ttl.trim()],
    ['--note', form.note.trim()],
  ];
  const words = options.filter(([, value]) => value !== '').flat();
  if (form.wait === 'hang') words.push('--hang');
  if (form.act !== 'none' && asks === null) words.push(flag);
  return commandLine('faults', 'add', mount, ...words);
}

const shareOf = (chance: string) =>
  chance.endsWith('%') ? String(Number(chance.slice(0, -1)) / 100) : chance;
