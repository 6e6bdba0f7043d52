// A mirror that cannot serve says so in one sentence: what, why, and what to do.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseMirrorArgs } from '../../fuse/mirror/args.ts';
import { bytesOf, fsName, traceName } from '../../fuse/mirror/names.ts';
import { fuseOptions } from '../../fuse/mirror/session.ts';
import { parseMountinfo } from '../../shared/mountinfo.ts';
import { type Ended, mirrorCommand, run, Workplace } from '../support/mirror.ts';
import { describeWith } from '../support/requires.ts';
import { freeze } from '../support/until.ts';

const place = new Workplace();
chmodSync(place.dir, 0o755);
const source = place.make('source');
const empty = place.make('empty');
const USER = ['setpriv', '--reuid', '1000', '--regid', '1000', '--clear-groups'];

afterAll(() => place.clean());

function attempt(args: readonly string[], prefix: readonly string[] = []): Promise<Ended> {
  return run(...mirrorCommand(args, prefix), { timeoutMs: 15_000 });
}

/** In a mount namespace of its own, after `setup`. */
function inNamespace(setup: string): string[] {
  return ['unshare', '--mount', 'sh', '-euc', `${setup}; exec "$@"`, 'sh'];
}

function sentence(ended: Ended, status = 1): string {
  expect(ended.stdout).toBe('');
  expect(ended.status).toBe(status);
  expect(ended.stderr).toMatch(/^fusescope: [^\n]+ \([^\n]+\)\. [^\n]+\n$/);
  return ended.stderr;
}

describe('arguments', () => {
  it('are read in any order', () => {
    expect(parseMirrorArgs(['--allow-other', 'a', '--socket', 's', 'b', '--die-with-parent'])).toEqual({
      source: 'a',
      mountpoint: 'b',
      allowOther: true,
      directIo: false,
      trace: true,
      faults: null,
      socket: 's',
      dieWithParent: true,
    });
  });

  it.each([[['a']], [['a', 'b', 'c']], [['a', 'b', '--colour']], [['a', 'b', '--socket']]])(
    'wrong ones %j end with usage and status 2',
    async (args) => {
      expect(sentence(await attempt(args), 2)).toContain('Usage: SOURCE MOUNTPOINT');
    },
  );
});

describe('names', () => {
  it.each([
    ['plain/ascii', 'plain/ascii'],
    [bytesOf('Grüße/日本'), 'Grüße/日本'],
    ['back\\slash', 'back\\\\slash'],
    ['bad\xff\xfe.txt', 'bad\\xff\\xfe.txt'],
    [`${bytesOf('ü')}\xe4\x41`, 'ü\\xe4A'],
    ['cut\xe6\x97', 'cut\\xe6\\x97'],
  ])('%j reads %j in a trace', (bytes, shown) => {
    expect(traceName(bytes)).toBe(shown);
    expect(
      Buffer.from(fsName(bytes) as string, typeof fsName(bytes) === 'string' ? 'latin1' : undefined),
    ).toEqual(Buffer.from(bytes, 'latin1'));
  });
});

describe('mount options', () => {
  const options = { source: '/a,b\\c', mountpoint: '/m', allowOther: false, directIo: false };

  it('keep a comma in the source out of the list', () => {
    expect(fuseOptions(options)).toMatch(/,fsname=\/a\\,b\\\\c$/);
  });

  it('give other users the kernel’s permission checks', () => {
    expect(fuseOptions({ ...options, allowOther: true })).toContain(',allow_other,default_permissions');
    expect(fuseOptions(options)).not.toContain('allow_other');
  });

  it('fit the library’s buffer', () => {
    expect(fuseOptions({ ...options, source: `/${'x'.repeat(2000)}` }).length).toBeLessThan(1024);
  });
});

describe('mountinfo', () => {
  it('is read with escapes, optional fields and several mounts on one place', () => {
    const text = `36 35 0:45 / /mnt/a\\040b rw,noatime shared:1 master:2 - fuse.sshfs host:/x\\134y rw
37 35 8:1 /sub /mnt/a\\040b rw - ext4 /dev/sda1 rw
`;
    expect(parseMountinfo(text)).toMatchObject([
      { id: 36, minor: 45, mountpoint: '/mnt/a b', fsType: 'fuse.sshfs', source: 'host:/x\\y' },
      { id: 37, minor: 1, mountpoint: '/mnt/a b', fsType: 'ext4', source: '/dev/sda1' },
    ]);
  });
});

describeWith(['root', 'fuse', 'unshare', 'setpriv'], 'a mirror refuses', () => {
  it('a source that is missing, a file, or not readable', async () => {
    const file = join(place.dir, 'file');
    writeFileSync(file, '');
    const closed = place.make('closed');
    chmodSync(closed, 0o700);
    expect(sentence(await attempt([join(place.dir, 'none'), empty]))).toContain('none (it does not exist)');
    expect(sentence(await attempt([file, empty]))).toContain('file (it is not a directory)');
    expect(sentence(await attempt([closed, empty], USER))).toContain('no permission to read it');
  });

  it('a mount point that is missing, a file, not empty, or not writable', async () => {
    const file = join(place.dir, 'file2');
    writeFileSync(file, '');
    const full = place.make('full');
    writeFileSync(join(full, 'content'), '');
    expect(sentence(await attempt([source, join(place.dir, 'none')]))).toContain('mkdir -p');
    expect(sentence(await attempt([source, file]))).toContain('file2 (it is not a directory)');
    expect(sentence(await attempt([source, full]))).toContain('full (it is not empty)');
    expect(sentence(await attempt([source, empty], USER))).toContain('no permission to write to it');
  });

  it('places inside one another, also through symbolic links', async () => {
    const inner = join(source, 'inner');
    mkdirSync(inner);
    const link = join(place.dir, 'link');
    symlinkSync(inner, link);
    expect(sentence(await attempt([source, source]))).toContain('it is the source itself');
    expect(sentence(await attempt([source, inner]))).toContain('it is inside the source');
    expect(sentence(await attempt([source, link]))).toContain('it is inside the source');
    const outer = place.make('outer');
    mkdirSync(join(outer, 'src'));
    expect(sentence(await attempt([join(outer, 'src'), outer]))).toContain('outer/src is inside it');
  });

  it('a place where something is mounted, FUSE or not', async () => {
    const mirror = await place.mirror(source, place.make('taken'));
    expect(sentence(await attempt([source, mirror.mountpoint]))).toContain('fuse.fusescope mount of');
    const prefix = inNamespace(`mount -t tmpfs none ${empty}`);
    expect(sentence(await attempt([source, empty], prefix))).toContain('tmpfs is mounted there');
  });

  it('a place whose mount does not answer, within seconds', async () => {
    const mirror = await place.mirror(source, place.make('stuck'));
    await freeze(mirror.pid);
    try {
      expect(sentence(await attempt([source, mirror.mountpoint]))).toContain('does not answer');
    } finally {
      process.kill(mirror.pid, 'SIGCONT');
    }
  });

  it('a source that does not answer, within seconds', async () => {
    const mirror = await place.mirror(source, place.make('stuck-source'));
    await freeze(mirror.pid);
    try {
      expect(sentence(await attempt([mirror.mountpoint, empty]))).toContain('no answer within 5 s');
    } finally {
      process.kill(mirror.pid, 'SIGCONT');
    }
  });

  it('a machine without /dev/fuse', async () => {
    const prefix = inNamespace('mount -t tmpfs none /dev && mknod -m 666 /dev/null c 1 3');
    expect(sentence(await attempt([source, empty], prefix))).toContain('/dev/fuse is missing');
  });

  it('a machine without fusermount', async () => {
    const prefix = inNamespace(
      'for f in $(which -a fusermount); do mount --bind /dev/null $(realpath $f) || true; done',
    );
    expect(sentence(await attempt([source, empty], prefix))).toContain('fusermount is missing');
  });

  it('a machine without libfuse 2', async () => {
    const hide = `for f in $(ldconfig -p | sed -n 's/.*libfuse.so.2 .*=> //p'); do d=$(realpath $(dirname $f));
      u=$(mktemp -d ${place.dir}/over-XXXX); mount -t tmpfs none $u; mkdir $u/up $u/work; mknod $u/up/libfuse.so.2 c 0 0;
      mount -t overlay none -o lowerdir=$d,upperdir=$u/up,workdir=$u/work $d; done`;
    expect(sentence(await attempt([source, empty], inNamespace(hide)))).toContain(
      'apt-get install -y libfuse2',
    );
  });

  it('a library that is not built, or built without the patch', async () => {
    const library = new URL('../../node_modules/fuse-native/', import.meta.url).pathname;
    const unbuilt = inNamespace(`mount -t tmpfs none ${library}/build`);
    expect(sentence(await attempt([source, empty], unbuilt))).toContain('fuse-native is not built');
    const unpatched = inNamespace(
      `mount --bind ${library}/prebuilds/linux-x64/node.napi.node ${library}/build/Release/fuse.node`,
    );
    expect(sentence(await attempt([source, empty], unpatched))).toContain('without our patch');
  });

  it('root without the capability to mount', async () => {
    const prefix = ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin'];
    expect(sentence(await attempt([source, empty], prefix))).toContain('root without CAP_SYS_ADMIN');
  });

  it('--allow-other to a user where /etc/fuse.conf does not allow it', async () => {
    const prefix = [...inNamespace('mount --bind /dev/null /etc/fuse.conf'), ...USER];
    expect(sentence(await attempt([source, empty, '--allow-other'], prefix))).toContain('user_allow_other');
  });

  it('with the words of fusermount what it could not foresee', async () => {
    // A file system type filter in a namespace: mount(2) itself is refused.
    const theirs = place.make('theirs');
    chmodSync(theirs, 0o777);
    const prefix = [
      ...inNamespace(
        'mount -o remount,nosuid,bind / 2>/dev/null || mount --bind / / && mount -o remount,bind,nosuid /',
      ),
      ...USER,
    ];
    const said = sentence(await attempt([source, theirs], prefix));
    expect(said).toContain('cannot mount on');
  });
});

describeWith(['root', 'fuse', 'setpriv'], 'a user without rights', () => {
  it('mirrors a directory of their own', async () => {
    const own = place.make('own');
    const target = place.make('own-mount');
    await run('chown', ['1000:1000', own, target]);
    const mirror = await place.start([own, target], USER);
    // Only they may enter, not even root.
    const words = [...USER.slice(1), 'sh', '-c', `cd ${target}; echo mine > f; stat -c %u:%g f`];
    expect((await run('setpriv', words)).stdout).toBe('1000:1000\n');
    mirror.child.kill('SIGTERM');
    expect(await mirror.ended).toMatchObject({ status: 0, stderr: '' });
  });
});
