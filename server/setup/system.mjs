// The system packages that FuseScope and its tests need: what is missing, and how to get it. As root on Debian
// and its kin they are installed; else the exact command is printed. Plain JavaScript: it runs before Node 24 is there.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { say } from './say.mjs';

/**
 * @typedef {object} Need
 * @property {string} debian   the package that brings it
 * @property {string} what     what is looked for, in words
 * @property {string} why
 * @property {(look: Look) => boolean} present
 *
 * @typedef {object} Look
 * @property {(name: string) => boolean} program   is there such a program?
 * @property {(name: string) => boolean} library   is there such a shared library?
 * @property {(name: string) => boolean} header   is there such a C header?
 * @property {(name: string) => boolean} font   is there such a font file?
 */

/** @type {(name: string, debian?: string, why?: string) => Need} */
const program = (name, debian = name, why = 'a test uses it') => ({
  debian,
  what: name,
  why,
  present: (look) => look.program(name),
});

/** What a mirror (and so the demo) needs.  @type {Need[]} */
export const MOUNT_NEEDS = [
  program('fusermount3', 'fuse3', 'mounting as a user, and unmounting'),
  {
    debian: 'libfuse2',
    what: 'libfuse.so.2',
    why: 'fuse-native is built on it',
    present: (look) => look.library('libfuse.so.2'),
  },
];

/** What building fuse-native needs.  @type {Need[]} */
export const BUILD_NEEDS = [
  program('cc', 'gcc', 'building fuse-native'),
  {
    debian: 'libc6-dev',
    what: 'stdio.h',
    why: 'building fuse-native',
    present: (look) => look.header('stdio.h'),
  },
];

/** What the tap's loader needs, for tracing any mount through BPF; only root can do that.  @type {Need[]} */
export const TAP_NEEDS = [
  {
    debian: 'libbpf-dev',
    what: 'libbpf',
    why: 'tracing any mount through BPF',
    present: (look) => look.header('bpf'),
  },
];

/** What the tests use besides.  @type {Need[]} */
export const TEST_NEEDS = [
  program('chromium', 'chromium', 'the page is tested in it'),
  {
    debian: 'fonts-dejavu-core',
    what: 'DejaVu fonts',
    why: 'pictures of the page are compared in it',
    present: (look) => look.font('DejaVuSans.ttf'),
  },
  program('fc-match', 'fontconfig', 'a test asks which fonts the page is drawn in'),
  program('bindfs'),
  program('sshfs'),
  {
    ...program('sftp-server', 'openssh-sftp-server'),
    present: (look) => look.program('/usr/lib/openssh/sftp-server'),
  },
  program('sshd', 'openssh-server', 'a test stops the server behind an sshfs'),
  program('mkfs.ext4', 'e2fsprogs', 'a test freezes a file system'),
  {
    debian: 'libfuse3-dev',
    what: 'fuse3 headers',
    why: 'tests compile a file system that hangs',
    present: (look) => look.header('fuse3'),
  },
  program('pkg-config', 'pkg-config', 'tests compile a file system that hangs'),
  program('rclone'),
  program('mergerfs'),
  program('fuse-overlayfs'),
  program('squashfuse'),
  program('mksquashfs', 'squashfs-tools'),
  program('gocryptfs'),
  program('loggedfs'),
  program('s3fs'),
  program('trace-cmd'),
  program('fio'),
  program('rsync'),
  program('git'),
  program('setfattr', 'attr'),
  program('sqlite3'),
  program('strace'),
  program('pytest-3', 'python3-pytest', 'a test runs the plug-in for pytest'),
  program('systemd-analyze', 'systemd', 'a test checks the unit, and tells the service manager'),
  program('bpftool', 'bpftool', 'a test looks for BPF objects that were left behind'),
  program('clang-14', 'clang-14', 'a test compiles the BPF program again'),
  program('llvm-strip-14', 'llvm-14', 'a test compiles the BPF program again'),
];

const PROGRAM_DIRS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const LIBRARY_DIRS = ['/lib', '/usr/lib', '/lib64', '/usr/lib64', '/usr/local/lib'];

/** @type {Look} */
const hereAndNow = {
  program: (name) =>
    name.startsWith('/')
      ? executable(name)
      : [...(process.env.PATH ?? '').split(delimiter), ...PROGRAM_DIRS].some((dir) =>
          executable(join(dir, name)),
        ),
  library: (name) =>
    LIBRARY_DIRS.some((dir) => {
      const entries = list(dir);
      return (
        entries.includes(name) ||
        entries.some((sub) => sub.endsWith('-linux-gnu') && list(join(dir, sub)).includes(name))
      );
    }),
  header: (name) => list('/usr/include').includes(name),
  font: (name) => list('/usr/share/fonts/truetype/dejavu').includes(name),
};

/** The needs that are not met.  @type {(needs: Need[], look?: Look) => Need[]} */
export function missing(needs, look = hereAndNow) {
  return needs.filter((need) => !need.present(look));
}

/** The command that brings them.  @type {(needs: Need[]) => string} */
export function installCommand(needs) {
  return `sudo apt-get install -y ${[...new Set(needs.map((need) => need.debian))].join(' ')}`;
}

/**
 * Says what is missing and, as root with apt-get, installs it. Returns what is missing still.
 * @type {(needs: Need[]) => Need[]}
 */
export function provide(needs) {
  const lacking = missing(needs);
  if (lacking.length === 0) return [];
  say(`missing: ${lacking.map((need) => `${need.what} (${need.why})`).join(', ')}.`);
  const apt = hereAndNow.program('apt-get');
  if (process.getuid?.() !== 0 || !apt) {
    say(apt ? `To install: ${installCommand(lacking)}` : `On Debian and Ubuntu: ${installCommand(lacking)}`);
    return lacking;
  }
  const packages = [...new Set(lacking.map((need) => need.debian))];
  say(`installing ${packages.join(' ')} …`);
  // Lists may be empty, or name versions that the mirror has dropped: then they are fetched and it is tried again.
  const lists = list('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
  if (!lists || !install(packages, false)) {
    aptGet(['update', '-qq'], true);
    // One name that this release does not know would keep all the others away.
    if (!install(packages, false)) for (const one of packages) install([one], true);
  }
  const still = missing(needs);
  if (still.length > 0) say(`apt-get did not bring ${still.map((need) => need.what).join(', ')}.`);
  return still;
}

/** @type {(packages: string[], loud: boolean) => boolean} */
function install(packages, loud) {
  return aptGet(['install', '-y', '-qq', '--no-install-recommends', ...packages], loud);
}

/** @type {(args: string[], loud: boolean) => boolean} */
function aptGet(args, loud) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr } = spawnSync('apt-get', args, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0 && loud) process.stderr.write(stderr ?? '');
  return status === 0;
}

/** @param {string} file */
function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @type {(dir: string) => string[]} */
function list(dir) {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
