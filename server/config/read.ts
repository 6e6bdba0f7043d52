// Reads the configuration file. What is wrong in it is said with file, line and column.
import { readFileSync } from 'node:fs';
import { Compile } from 'typebox/compile';
import { CodedError } from '../errors.ts';
import { positionAt, positionOf } from './position.ts';
import { type Config, ConfigSchema } from './schema.ts';

const MAX_BYTES = 1024 * 1024;
const checker = Compile(ConfigSchema);

/** @throws CodedError FUSESCOPE_INVALID: FILE:LINE:COLUMN, what is wrong, what is expected */
export function readConfig(file: string): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`${file} cannot be read (${(error as Error).message})`);
  }
  if (text.length > MAX_BYTES) throw invalid(`${file} is larger than 1 MiB`);
  return parseConfig(text, file);
}

/** @throws CodedError as `readConfig` */
export function parseConfig(text: string, file: string): Config {
  const value = parseJson(text, file);
  if (checker.Check(value)) {
    checkWhole(value, text, file);
    return value;
  }
  const errors = checker.Errors(value);
  // The deepest one says most; "schema is false" stands for a name that is not known.
  const deepest = errors.reduce((a, b) => (depth(b.instancePath) > depth(a.instancePath) ? b : a));
  const { line, column } = positionOf(text, deepest.instancePath);
  throw invalid(`${file}:${line}:${column}: ${wordsOf(deepest)}`);
}

interface Fault {
  keyword: string;
  instancePath: string;
  params: object;
  message: string;
}

function wordsOf({ keyword, instancePath, params, message }: Fault): string {
  const name = instancePath.slice(1).replaceAll('/', '.');
  const given = params as { requiredProperties?: string[]; allowedValues?: unknown[] };
  if (keyword === 'boolean') return `"${name}" is not known here`;
  if (keyword === 'required') return `${name || 'it'} lacks ${given.requiredProperties?.join(', ')}`;
  if (keyword === 'enum') return `"${name}" must be one of ${given.allowedValues?.join(', ')}`;
  if (keyword === 'pattern') return `"${name}" ${PATTERNS[name.split('.').at(-1) ?? ''] ?? message}`;
  return `"${name || 'it'}" ${message}`;
}

const PATTERNS: Readonly<Record<string, string>> = {
  url: 'must begin with http:// or https://',
  after: 'must be a time such as 500ms, 10s or 2m',
  quiet: 'must be a time such as 500ms, 10s or 2m',
  secretFile: 'must be an absolute path',
  '0': 'must be the absolute path of a program',
};

/** What a schema cannot say. */
function checkWhole({ alerts = [] }: Config, text: string, file: string): void {
  const fail = (pointer: string, what: string) => {
    const { line, column } = positionOf(text, pointer);
    throw invalid(`${file}:${line}:${column}: ${what}`);
  };
  for (const [i, rule] of alerts.entries()) {
    if (!rule.webhook && !rule.command && !rule.journal)
      fail(`/alerts/${i}`, `alert "${rule.name}" tells nobody: give it a webhook, a command or journal`);
    if (alerts.findIndex((one) => one.name === rule.name) < i)
      fail(`/alerts/${i}/name`, `there is another alert of the name "${rule.name}"`);
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const found = /at position (\d+)/.exec(message)?.[1];
    const { line, column } = positionAt(text, found === undefined ? firstFault(text) : Number(found));
    throw invalid(`${file}:${line}:${column}: it is no JSON (${message.split(' in JSON at')[0]})`);
  }
}

/** Where the engine names no position: the longest beginning that a longer text could still make good. */
function firstFault(text: string): number {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (couldGoOn(text.slice(0, middle))) low = middle;
    else high = middle - 1;
  }
  return low;
}

function couldGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return true;
  } catch (error) {
    return /Unexpected end|Unterminated/.test((error as Error).message) || atEnd(error as Error, beginning);
  }
}

/** "Expected … at position N", where N is the end: more text could still be right. */
function atEnd(error: Error, text: string): boolean {
  return Number(/at position (\d+)/.exec(error.message)?.[1] ?? -1) === text.length;
}

function depth(pointer: string): number {
  return pointer.split('/').length;
}

function invalid(message: string): CodedError {
  return new CodedError('FUSESCOPE_INVALID', message);
}
