import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { checkImports } from './imports.ts';

const made: string[] = [];
afterEach(async () => {
  for (const dir of made.splice(0)) await rm(dir, { recursive: true });
});

async function tree(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'fusescope-law-'));
  made.push(root);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const LAWFUL = {
  'shared/words.ts': "import { more } from './more.ts';\nexport const word: string = more;\n",
  'shared/more.ts': "export const more = 'more';\n",
  'fuse/mirror.ts': "import { word } from '../shared/words.ts';\nexport const mirror = word;\n",
  'server/app.ts': "import { word } from '../shared/words.ts';\nexport const app = word;\n",
  'web/page.tsx': "import { word } from '../shared/words.ts';\nexport const Page = () => <b>{word}</b>;\n",
};

test('this repository keeps the import law', async () => {
  const { modules, violations } = await checkImports(process.cwd());
  expect(violations).toEqual([]);
  expect(modules).toBeGreaterThan(100);
});

test('rooms that import shared only are lawful', async () => {
  expect((await checkImports(await tree(LAWFUL))).violations).toEqual([]);
});

test.each([
  [
    'web',
    'server',
    'web/planted.tsx',
    "import { app } from '../server/app.ts';\nexport const Bad = () => <i>{app}</i>;\n",
  ],
  [
    'web',
    'fuse',
    'web/planted.ts',
    "import type { mirror } from '../fuse/mirror.ts';\nexport type Bad = typeof mirror;\n",
  ],
  ['server', 'fuse', 'server/planted.ts', "export { mirror } from '../fuse/mirror.ts';\n"],
  ['fuse', 'server', 'fuse/planted.ts', "export const bad = () => import('../server/app.ts');\n"],
  ['shared', 'fuse', 'shared/planted.ts', "import '../fuse/mirror.ts';\n"],
])('a planted import from %s to %s is found', async (from, _to, path, text) => {
  const { violations } = await checkImports(await tree({ ...LAWFUL, [path]: text }));
  expect(violations).toHaveLength(1);
  expect(violations[0]).toContain(`${path} -> `);
  expect(violations[0]).toContain(`${from} imports only itself`);
});

test('a process that the server starts itself is found; a command may', async () => {
  const starts = "import { spawn } from 'node:child_process';\nexport const child = spawn('true');\n";
  const planted = { ...LAWFUL, 'server/alerts/bad.ts': starts, 'server/cli/good.ts': starts };
  const { violations } = await checkImports(await tree(planted));
  expect(violations).toEqual([
    'server/alerts/bad.ts -> child_process: the server starts processes through its launcher',
  ]);
});

test('a check that reads nothing fails', async () => {
  const empty = await tree({ 'web/.keep': '', 'server/.keep': '', 'fuse/.keep': '', 'shared/.keep': '' });
  expect((await checkImports(empty)).violations).toEqual(
    ['shared', 'fuse', 'server', 'web'].map((room) => `nothing was read in ${room}/`),
  );
});
