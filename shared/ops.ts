// The closed table of operation names: FUSE opcodes in lower case (include/uapi/linux/fuse.h), and the four
// parts into which libfuse's high-level API splits setattr. Anything else is `op-NN`.

/** How an operation is drawn and grouped; see `--op-*` in the page's tokens. */
export type OpClass = 'metadata' | 'read' | 'write' | 'namespace' | 'xattr' | 'lifecycle';

export interface OpInfo {
  readonly name: string;
  /** FUSE opcode; from 60001 for names that are not opcodes of the kernel's protocol. */
  readonly code: number;
  readonly class: OpClass;
}

const TABLE: readonly (readonly [name: string, code: number, cls: OpClass])[] = [
  ['lookup', 1, 'metadata'],
  ['forget', 2, 'lifecycle'],
  ['getattr', 3, 'metadata'],
  ['setattr', 4, 'metadata'],
  ['readlink', 5, 'metadata'],
  ['symlink', 6, 'namespace'],
  ['mknod', 8, 'namespace'],
  ['mkdir', 9, 'namespace'],
  ['unlink', 10, 'namespace'],
  ['rmdir', 11, 'namespace'],
  ['rename', 12, 'namespace'],
  ['link', 13, 'namespace'],
  ['open', 14, 'lifecycle'],
  ['read', 15, 'read'],
  ['write', 16, 'write'],
  ['statfs', 17, 'metadata'],
  ['release', 18, 'lifecycle'],
  ['fsync', 20, 'write'],
  ['setxattr', 21, 'xattr'],
  ['getxattr', 22, 'xattr'],
  ['listxattr', 23, 'xattr'],
  ['removexattr', 24, 'xattr'],
  ['flush', 25, 'lifecycle'],
  ['init', 26, 'lifecycle'],
  ['opendir', 27, 'lifecycle'],
  ['readdir', 28, 'metadata'],
  ['releasedir', 29, 'lifecycle'],
  ['fsyncdir', 30, 'write'],
  ['getlk', 31, 'lifecycle'],
  ['setlk', 32, 'lifecycle'],
  ['setlkw', 33, 'lifecycle'],
  ['access', 34, 'metadata'],
  ['create', 35, 'namespace'],
  ['interrupt', 36, 'lifecycle'],
  ['bmap', 37, 'metadata'],
  ['destroy', 38, 'lifecycle'],
  ['ioctl', 39, 'metadata'],
  ['poll', 40, 'metadata'],
  ['fallocate', 43, 'write'],
  ['readdirplus', 44, 'metadata'],
  ['rename2', 45, 'namespace'],
  ['lseek', 46, 'metadata'],
  ['copy_file_range', 47, 'write'],
  ['setupmapping', 48, 'lifecycle'],
  ['removemapping', 49, 'lifecycle'],
  ['syncfs', 50, 'write'],
  ['tmpfile', 51, 'namespace'],
  ['statx', 52, 'metadata'],
  ['chmod', 60001, 'metadata'],
  ['chown', 60002, 'metadata'],
  ['truncate', 60003, 'write'],
  ['utimens', 60004, 'metadata'],
];

/** Every named operation, in opcode order. */
export const OPS: readonly OpInfo[] = TABLE.map(([name, code, cls]) => ({ name, code, class: cls }));

const byName = new Map(OPS.map((op) => [op.name, op]));
const byCode = new Map(OPS.map((op) => [op.code, op]));
const UNKNOWN = /^op-(0|[1-9]\d{0,4})$/;

/** True for a name of the table and for `op-NN` with NN a 16-bit opcode that the table does not name. */
export function isOpName(name: string): boolean {
  return byName.has(name) || unknownCode(name) !== null;
}

/** Name of a 16-bit opcode; `op-NN` where the table has none. */
export function opName(code: number): string {
  return byCode.get(code)?.name ?? `op-${code}`;
}

/** Opcode of a name. @throws RangeError where `isOpName` is false. */
export function opCode(name: string): number {
  const code = byName.get(name)?.code ?? unknownCode(name);
  if (code === null) throw new RangeError(`"${name}" is no operation`);
  return code;
}

/** Class of an operation; unknown ones count as metadata. */
export function opClass(name: string): OpClass {
  return byName.get(name)?.class ?? 'metadata';
}

/** The operations that a name in a filter stands for: `op:rename` means rename2 too. */
export function opFamily(name: string): readonly string[] {
  return FAMILIES[name] ?? [name];
}

const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  rename: ['rename', 'rename2'],
  readdir: ['readdir', 'readdirplus'],
  setattr: ['setattr', 'chmod', 'chown', 'truncate', 'utimens'],
};

function unknownCode(name: string): number | null {
  const match = UNKNOWN.exec(name);
  if (!match) return null;
  const code = Number(match[1]);
  return code <= 0xffff && !byCode.has(code) ? code : null;
}
