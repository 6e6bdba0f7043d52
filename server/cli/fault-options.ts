// A fault as options of a command: what each one is called, how its value is read, and the rule they make together.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FaultEffect, FaultMatch, FaultRule } from '../../shared/fault.ts';
import { FAULT_MODES } from '../../shared/fault-modes.ts';
import { FAULT_PRESETS } from '../../shared/fault-presets.ts';
import { parseDelay, parseMs } from '../../shared/fault-text.ts';
import { CliError } from './failure.ts';
import { parseSize } from './values.ts';

type Value = string | number | boolean | undefined;
export type FaultFlags = Record<string, Value>;

const PRESETS = FAULT_PRESETS.map((preset) => preset.name);

const { ReturnError, ...NUMBERED } = FAULT_MODES;
const MODES: Readonly<Record<string, (value: number) => ReturnType<typeof ReturnError>>> = NUMBERED;

export function addFaultOptions(command: Command): Command {
  const group = (title: string, options: readonly Option[]) => {
    for (const option of options) command.addOption(option.helpGroup(title));
  };
  group('Which operations:', [
    new Option('--op <list>', 'operations, as read,write'),
    new Option('--path <glob>', 'paths in the mount, as /a/** or *.tmp'),
    new Option('--comm <glob>', 'name of the calling program'),
    new Option('--pid <n>', 'calling process').argParser(whole),
    new Option('--uid <n>', 'calling user').argParser(whole),
    new Option('--min-size <bytes>', 'of read, write, truncate').argParser(parseSize),
    new Option('--max-size <bytes>', 'of read, write, truncate').argParser(parseSize),
    new Option('--min-offset <bytes>', 'of read and write').argParser(parseSize),
    new Option('--max-offset <bytes>', 'of read and write').argParser(parseSize),
  ]);
  group('When:', [
    new Option('--every <n>', 'each nth that matches').argParser(whole),
    new Option('--after <n>', 'not the first n that match').argParser(whole),
    new Option('--first <n>', 'n times, then no more').argParser(whole),
    new Option('--probability <p>', 'by chance, 0 to 1').argParser(Number),
    new Option('--from <time>', 'from so long after it is switched on, as 10s').argParser(time),
    new Option('--to <time>', 'until so long after it is switched on').argParser(time),
    new Option('--ttl <time>', 'off by itself after this, as 10m').argParser(time),
  ]);
  group('What happens:', [
    new Option('--errno <name>', 'fail with this, as EIO or EINTR'),
    new Option('--delay <time>', '50ms, 10ms..80ms, 50ms+-10ms, or 20ms/p99=2s; before anything else'),
    new Option('--hang', 'hang until released'),
    new Option('--partial <bytes>', 'read or write at most so many bytes').argParser(parseSize),
    new Option('--short-by <bytes>', 'read or write so many bytes fewer').argParser(parseSize),
    new Option('--zero', 'read or write nothing'),
    new Option('--corrupt <bytes>', 'change so many bytes of each read or write').argParser(parseSize),
    new Option('--space <bytes>', 'ENOSPC once so much is written').argParser(parseSize),
    new Option('--stale <time>', 'attributes, and names, as they were up to so long ago').argParser(time),
    new Option('--list-delay <time>', 'readdir: so long for each entry').argParser(time),
    new Option('--disconnect', 'the file system’s process ends'),
    new Option('--replay <trace>', 'as the operations of an exported trace (NDJSON) did'),
    new Option('--replay-recording <id>', 'as the operations of a recording did'),
    new Option('--in-order', 'replay in the order of the trace instead of by chance'),
    new Option('--preset <name>', 'begin with a rule that has happened').choices(PRESETS),
    new Option('--mode <name=n>', `one of ${Object.keys(MODES).join(', ')}`),
  ]);
  return command
    .option('--id <name>', 'name of the rule; operations that it touches carry it')
    .option('--seed <n>', 'same seed, same choices', whole)
    .option('--note <text>', 'for people')
    .option('--off', 'add it switched off');
}

/** @throws CliError with status 2 where the options do not make a rule. */
export function ruleFromFlags(flags: FaultFlags, replay: FaultEffect['replay']): FaultRule {
  const base = FAULT_PRESETS.find((preset) => preset.name === flags.preset)?.rule;
  const mode = modeOf(flags.mode);
  const match = { ...base?.match, ...mode?.match, ...matchOf(flags) };
  const effect = { ...base?.effect, ...mode?.effect, ...effectOf(flags), ...given({ replay }) };
  if (Object.keys(effect).length === 0)
    throw new CliError('the rule has no effect. Give one, such as --errno EIO or --delay 50ms', 2);
  return {
    ...(Object.keys(match).length > 0 ? { match } : {}),
    effect,
    ...(given({
      id: flags.id,
      seed: flags.seed,
      ttlMs: flags.ttl,
      note: flags.note,
      preset: flags.preset,
    }) as object),
    ...(flags.off ? { enabled: false } : {}),
  };
}

function matchOf(flags: FaultFlags): FaultMatch {
  const range = (min: Value, max: Value) => {
    const bounds = given({ min, max });
    return Object.keys(bounds).length > 0 ? bounds : undefined;
  };
  return given({
    op: typeof flags.op === 'string' ? flags.op.split(',').map((op) => op.trim()) : undefined,
    path: flags.path,
    comm: flags.comm,
    pid: flags.pid,
    uid: flags.uid,
    size: range(flags.minSize, flags.maxSize),
    offset: range(flags.minOffset, flags.maxOffset),
    every: flags.every,
    after: flags.after,
    first: flags.first,
    probability: flags.probability,
    fromMs: flags.from,
    toMs: flags.to,
  }) as FaultMatch;
}

function effectOf(flags: FaultFlags): FaultEffect {
  const delay = typeof flags.delay === 'string' ? parseDelay(flags.delay) : undefined;
  if (delay === null)
    throw new CliError(`"${flags.delay}" is no delay. Use 50ms, 10ms..80ms, 50ms+-10ms or 20ms/p99=2s`, 2);
  const partial = given({ maxBytes: flags.zero ? 0 : flags.partial, shortBy: flags.shortBy });
  const wrapped = (value: Value, name: string) => (value === undefined ? undefined : { [name]: value });
  return given({
    delay,
    hang: flags.hang ? {} : undefined,
    errno: typeof flags.errno === 'string' ? flags.errno.toUpperCase() : undefined,
    partial: Object.keys(partial).length > 0 ? partial : undefined,
    corrupt: wrapped(flags.corrupt, 'bytes'),
    space: wrapped(flags.space, 'bytes'),
    stale: wrapped(flags.stale, 'ms'),
    listing: wrapped(flags.listDelay, 'perEntryMs'),
    disconnect: flags.disconnect,
  }) as FaultEffect;
}

function modeOf(text: Value) {
  if (typeof text !== 'string') return undefined;
  const [, name = '', value = ''] = /^(\w+)=(\w+)$/.exec(text) ?? [];
  if (name === 'ReturnError') return ReturnError(value);
  const build = MODES[name];
  if (!build || !/^\d+$/.test(value))
    throw new CliError(
      `"${text}" is no mode. Use ${Object.keys(MODES)
        .map((one) => `${one}=N`)
        .join(', ')} or ReturnError=EIO`,
      2,
    );
  return build(Number(value));
}

/** Without what is not there. */
function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number.');
  return Number(text);
}

function time(text: string): number {
  const ms = parseMs(text);
  if (ms === null) throw new InvalidArgumentError('Give a time such as 50ms or 2s.');
  return ms;
}
