// A list of file system steps, each with its result or errno, printed as one JSON object: run once on a plain
// directory and once on a mount, the two must be equal. A process of its own. Works in its current directory.
import fs from 'node:fs';

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY } = fs.constants;
const GIB = 2 ** 30;
const results: Record<string, unknown> = {};

function step(name: string, work: () => unknown): void {
  try {
    results[name] = work() ?? 'done';
  } catch (error) {
    results[name] = (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

const text = (path: string) => fs.readFileSync(path, 'utf8');
const mode = (path: string) => (fs.lstatSync(path).mode & 0o7777).toString(8);

step('write and read back', () => {
  fs.writeFileSync('a', 'hello');
  return text('a');
});
step('O_EXCL on an existing file', () => fs.openSync('a', O_CREAT | O_EXCL | O_WRONLY));
step('O_EXCL on a new file', () => fs.closeSync(fs.openSync('excl', O_CREAT | O_EXCL | O_WRONLY, 0o640)));
step('its mode', () => mode('excl'));
step('append', () => {
  fs.appendFileSync('a', ' world');
  const fd = fs.openSync('a', O_WRONLY | O_APPEND);
  fs.writeSync(fd, '!', 0);
  fs.closeSync(fd);
  return text('a');
});
step('two appenders', () => {
  const [one, two] = [fs.openSync('log', 'a'), fs.openSync('log', 'a')];
  for (let i = 0; i < 20; i++) fs.writeSync(i % 2 ? one : two, `${i}\n`);
  fs.closeSync(one);
  fs.closeSync(two);
  return text('log');
});
step('O_TRUNC', () => {
  fs.writeFileSync('t', 'long content');
  fs.closeSync(fs.openSync('t', O_WRONLY | O_TRUNC));
  return fs.statSync('t').size;
});
step('truncate shorter and longer', () => {
  fs.writeFileSync('t', '0123456789');
  fs.truncateSync('t', 4);
  const short = text('t');
  fs.truncateSync('t', 6);
  return [short, text('t')];
});
step('ftruncate of a read-only mode file that is open for writing', () => {
  const fd = fs.openSync('ro', O_CREAT | O_RDWR, 0o444);
  fs.writeSync(fd, '0123456789');
  fs.ftruncateSync(fd, 3);
  const size = fs.fstatSync(fd).size;
  fs.closeSync(fd);
  return size;
});
step('read at the end and behind it', () => {
  const fd = fs.openSync('a', 'r');
  const buffer = Buffer.alloc(10);
  const counts = [fs.readSync(fd, buffer, 0, 10, 8), fs.readSync(fd, buffer, 0, 10, 1000)];
  fs.closeSync(fd);
  return counts;
});
step('hard link', () => {
  fs.linkSync('a', 'a2');
  const [one, two] = [fs.statSync('a'), fs.statSync('a2')];
  fs.writeFileSync('a2', 'shared');
  return [one.nlink, one.ino === two.ino, text('a')];
});
step('hard link to an existing name', () => fs.linkSync('a', 't'));
step('unlink one of two', () => {
  fs.unlinkSync('a2');
  return fs.statSync('a').nlink;
});
step('symbolic links', () => {
  fs.symlinkSync('a', 'link');
  fs.symlinkSync('nowhere/at/all', 'dangling');
  return [fs.readlinkSync('link'), text('link'), fs.readlinkSync('dangling'), fs.lstatSync('link').size];
});
step('read through a dangling link', () => text('dangling'));
step('rename over a file', () => {
  fs.writeFileSync('new', 'newer');
  fs.renameSync('new', 'a');
  return [text('a'), fs.existsSync('new')];
});
step('rename over a file that is open', () => {
  fs.writeFileSync('old', 'old');
  const fd = fs.openSync('old', 'r');
  fs.writeFileSync('fresh', 'fresh');
  fs.renameSync('fresh', 'old');
  const seen = [fs.readFileSync(fd, 'utf8'), text('old')];
  fs.closeSync(fd);
  return seen;
});
step('directories', () => {
  fs.mkdirSync('d/e/f', { recursive: true });
  fs.writeFileSync('d/e/f/g', 'deep');
  fs.renameSync('d/e', 'moved');
  // What libfuse hides until the last close may still be there, see below.
  const names = fs.readdirSync('.').filter((name) => !name.startsWith('.fuse_hidden'));
  return [text('moved/f/g'), names.sort()];
});
step('mkdir on an existing name', () => fs.mkdirSync('d'));
step('rmdir of a full directory', () => fs.rmdirSync('moved'));
step('rmdir of a file', () => fs.rmdirSync('a'));
step('unlink of a directory', () => fs.unlinkSync('d'));
step('rename of a directory onto a file', () => fs.renameSync('d', 'a'));
step('rename of a directory into itself', () => fs.renameSync('moved', 'moved/f/inside'));
step('open of a missing file', () => fs.openSync('missing', 'r'));
step('open of a directory for writing', () => fs.openSync('d', 'w'));
step('a file as a directory', () => fs.readdirSync('a'));
step('a name of 255 bytes', () => fs.writeFileSync('n'.repeat(255), ''));
step('a name of 256 bytes', () => fs.writeFileSync('n'.repeat(256), ''));
step('names in other scripts', () => {
  fs.writeFileSync('Grüße \\ 日本 \n "x"', 'ok');
  return fs.readdirSync('.').filter((name) => name.startsWith('Gr'));
});
step('names that are not UTF-8', () => {
  const name = Buffer.from([0x66, 0xff, 0xfe, 0x2e]);
  fs.writeFileSync(name, 'bytes');
  fs.symlinkSync(name, 'to-bytes');
  const listed = fs.readdirSync('.', 'buffer').some((entry) => entry.equals(name));
  return [listed, fs.readFileSync(name, 'utf8'), fs.readFileSync('to-bytes', 'utf8')];
});
step('modes', () => {
  fs.chmodSync('a', 0o4751);
  fs.mkdirSync('sticky', 0o1777);
  fs.chmodSync('sticky', 0o1777);
  return [mode('a'), mode('sticky')];
});
step('mode under a umask', () => {
  const before = process.umask(0o027);
  fs.writeFileSync('masked', '', { mode: 0o666 });
  process.umask(before);
  return mode('masked');
});
step('set-user-id is lost by a write of another user or kept by root', () => {
  fs.writeFileSync('a', 'x', { flag: 'r+' });
  return mode('a');
});
step('times before 1970, to the nanosecond of what can be given', () => {
  fs.utimesSync('a', new Date(-5000), new Date(-3000));
  const { atimeMs, mtimeMs } = fs.statSync('a');
  return [atimeMs, mtimeMs];
});
step('times far ahead, with microseconds', () => {
  fs.utimesSync('a', 4_000_000_000.25, 4_000_000_000.125001);
  return String(fs.statSync('a', { bigint: true }).mtimeNs / 1000n);
});
step('times of a link itself', () => {
  fs.lutimesSync('link', 1_000_000_000, 1_000_000_001);
  return [fs.lstatSync('link').mtimeMs, fs.statSync('a').mtimeMs];
});
step('sparse beyond 4 GiB', () => {
  const fd = fs.openSync('sparse', 'w+');
  fs.ftruncateSync(fd, 5 * GIB);
  fs.writeSync(fd, 'far out', 4.5 * GIB);
  const buffer = Buffer.alloc(9, 1);
  fs.readSync(fd, buffer, 0, 9, 4.5 * GIB - 1);
  const { size, blocks } = fs.fstatSync(fd);
  fs.closeSync(fd);
  fs.unlinkSync('sparse');
  return [size, blocks < 1000, buffer.toString('latin1')];
});
step('unlink of an open file', () => {
  const fd = fs.openSync('gone', 'w+');
  fs.writeSync(fd, 'still here');
  fs.unlinkSync('gone');
  fs.writeSync(fd, '!');
  const buffer = Buffer.alloc(20);
  const count = fs.readSync(fd, buffer, 0, 20, 0);
  const { size } = fs.fstatSync(fd);
  fs.closeSync(fd);
  return [buffer.toString('utf8', 0, count), size, fs.existsSync('gone')];
});
step('nothing hidden is left of it', () => {
  const left = () => fs.readdirSync('.').filter((name) => name.startsWith('.fuse'));
  // The kernel tells the last close later, on its own.
  const waiter = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 1000 && left().length > 0; i++) Atomics.wait(waiter, 0, 0, 10);
  return left();
});
step('a directory of 50,000 entries', () => {
  const names = fs.readdirSync('many');
  const types = fs.readdirSync('many', { withFileTypes: true }).filter((entry) => entry.isFile());
  return [names.length, new Set(names).size, types.length, names.includes('entry-49999')];
});
step('listing while deleting', () => {
  fs.mkdirSync('few');
  for (let i = 0; i < 300; i++) fs.writeFileSync(`few/${i}`, '');
  const dir = fs.opendirSync('few');
  let seen = 0;
  for (let entry = dir.readSync(); entry; entry = dir.readSync()) {
    fs.unlinkSync(`few/${entry.name}`);
    seen++;
  }
  dir.closeSync();
  fs.rmdirSync('few');
  return seen;
});
step('access', () => fs.accessSync('a', fs.constants.R_OK));
step('fsync and fdatasync', () => {
  const fd = fs.openSync('a', 'r+');
  fs.fsyncSync(fd);
  fs.fdatasyncSync(fd);
  fs.closeSync(fd);
  const dir = fs.openSync('.', 'r');
  fs.fsyncSync(dir);
  fs.closeSync(dir);
});
step('16 MiB at odd offsets', () => {
  const fd = fs.openSync('odd', 'w+');
  const block = Buffer.alloc(70_001, 'x');
  let offset = 13;
  for (; offset < 16 * 2 ** 20; offset += block.length) fs.writeSync(fd, block, 0, block.length, offset);
  const tail = Buffer.alloc(5);
  fs.readSync(fd, tail, 0, 5, offset - 5);
  fs.closeSync(fd);
  return [fs.statSync('odd').size, tail.toString()];
});

process.stdout.write(JSON.stringify(results));
