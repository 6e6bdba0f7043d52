// The JavaScript of a package: Node runs no TypeScript inside node_modules, so npm pack ships dist/.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedNode } from './packages.mjs';
import { SetupError, say } from './say.mjs';

/** @type {(root: string) => void} */
export function emitPackage(root) {
  say('emitting JavaScript …');
  for (const room of ['fuse', 'server', 'shared'])
    rmSync(join(root, 'dist', room), { recursive: true, force: true });
  const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'];
  const { status } = spawnSync(pinnedNode(root), tsc, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new SetupError('the TypeScript sources could not be emitted (tsc says why above).');
}
