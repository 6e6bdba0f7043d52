// Names that come with a listing: the kernel looks none of them up again, so their files' paths are known by these only.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { opCode } from '../../../shared/ops.ts';
import { overlay } from '../../support/daemons.ts';
import { bash, Workplace } from '../../support/mirror.ts';
import { describeWith } from '../../support/requires.ts';
import { describeTap, listen } from './bpf.ts';

describeTap('a listing with its files', () => {
  const place = new Workplace();
  afterAll(() => place.clean());

  describeWith(['fuse-overlayfs'], 'of fuse-overlayfs', () => {
    test('tells the tap their names, however many and however long', async () => {
      const long = 'x'.repeat(255);
      const mounted = await overlay(place, 'overlay', (source) => {
        mkdirSync(join(source, 'many/deep'), { recursive: true });
        for (let i = 0; i < 300; i++) writeFileSync(join(source, `many/file-${i}`), `${i}`);
        writeFileSync(join(source, 'many/deep', long), 'long');
      });
      const heard = await listen([mounted]);
      try {
        const ended = await bash(
          'ls -l many many/deep; cat many/deep/x* many/file-* >/dev/null; [ ! -e last ]',
          mounted.mountpoint,
        );
        expect(ended.stderr).toBe('');
        await heard.heard('last');
        expect(heard.names).toHaveLength(
          new Set(heard.names.map(({ name, parent }) => `${parent}/${name}`)).size,
        );
        const looked = heard.of('lookup').map(({ name }) => name);
        expect(looked.filter((name) => name?.startsWith('file-'))).toEqual([]);
        const reads = heard.paths.filter(({ record }) => record.opcode === opCode('read'));
        expect(new Set(reads.map(({ path }) => path))).toEqual(
          new Set([`/many/deep/${long}`, ...Array.from({ length: 300 }, (_, i) => `/many/file-${i}`)]),
        );
      } finally {
        await heard.tap.close();
      }
    });
  });
});
