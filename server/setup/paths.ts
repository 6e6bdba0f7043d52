// Where our own files are: a checkout runs .ts from the root, a package runs .js from dist/; the page is in dist/web
// in both.
import { extname, join } from 'node:path';

const extension = extname(import.meta.filename);
/** The folder that holds server/, fuse/ and shared/ as they run. */
const code = join(import.meta.dirname, '../..');
/** The folder of package.json. */
export const packageRoot = extension === '.ts' ? code : join(code, '..');
/** The built page. */
export const pageDir = join(packageRoot, 'dist/web');
/** The built script of the pages that exports as html are. */
export const reportDir = join(packageRoot, 'dist/report');

/** The file to run for another process of ours, e.g. `fuse/mirror/main`. */
export function program(name: string): string {
  return join(code, `${name}${extension}`);
}
