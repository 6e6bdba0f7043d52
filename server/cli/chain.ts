// fusescope mounts --chain: what a directory is really on. Reads the mount table of a process and nothing else; no
// server is needed, and the directory is not touched, so it answers for one that hangs.
import { resolve } from 'node:path';
import type { ChainLink } from '../../shared/chain.ts';
import { mountChain } from '../mounts/chain.ts';
import { readMountTable } from '../mounts/mount-table.ts';
import { CliError } from './failure.ts';
import type { Column } from './table.ts';
import { printRows } from './table.ts';

const KINDS: Readonly<Record<ChainLink['kind'], string>> = {
  fuse: 'FUSE',
  virtiofs: 'virtiofs',
  overlay: 'overlay',
  network: 'network',
  memory: 'memory',
  disk: 'disk',
  kernel: 'kernel',
};

const COLUMNS: readonly Column<ChainLink>[] = [
  { head: 'DIRECTORY', value: ({ depth, path }) => `${'  '.repeat(depth)}${path}` },
  { head: 'IS', value: ({ how }) => how },
  { head: 'KIND', value: ({ kind }) => KINDS[kind] },
  { head: 'TYPE', value: ({ fsType }) => fsType },
  { head: 'SOURCE', value: ({ source }) => source },
  { head: 'MOUNTED AT', value: ({ mountpoint }) => mountpoint },
  { head: 'CONNECTION', value: ({ connection }) => String(connection ?? '–'), right: true },
];

export interface ChainFlags {
  chain: string;
  pid?: string;
  json?: boolean;
}

/** @throws CliError where the process or its mount table cannot be had. */
export function printChain({ chain, pid = 'self', json }: ChainFlags): void {
  if (pid !== 'self' && !/^[1-9]\d*$/.test(pid))
    throw new CliError(`--pid ${pid} is no process id (it is a positive number). Try --pid 41`, 2);
  // Of another process only absolute paths mean anything.
  if (pid !== 'self' && !chain.startsWith('/'))
    throw new CliError(`${chain} is not absolute (it is one of process ${pid}). Try --chain /${chain}`, 2);
  const links = mountChain(tableOf(pid === 'self' ? pid : Number(pid)), resolve(chain));
  if (links.length === 0) throw new CliError(`the mount table of process ${pid} has no root. Try --pid 1`);
  printRows(COLUMNS, links, json);
}

function tableOf(pid: number | 'self'): ReturnType<typeof readMountTable> {
  try {
    return readMountTable(pid);
  } catch (error) {
    throw new CliError((error as Error).message);
  }
}
