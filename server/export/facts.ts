// What formats with a column or an argument for each fact tell of an operation, besides what tells which one it is.
import type { Span } from '../../shared/span.ts';

export const FACTS = [
  'durationNs',
  'queueNs',
  'errno',
  'error',
  'path',
  'newPath',
  'nodeid',
  'fh',
  'offset',
  'size',
  'bytes',
  'pid',
  'tid',
  'uid',
  'gid',
  'comm',
  'daemonTid',
  'args',
] as const satisfies readonly (keyof Span)[];
