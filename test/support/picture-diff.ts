// Compares a picture of the page with the one that is kept of it. A few pixels may differ, as edges of letters do from
// one build of a browser to the next; what is more is written out: the actual picture, and the difference in red.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

export interface PictureFolders {
  /** The pictures that are kept. */
  kept: string;
  /** For the actual picture and the difference, where there is one. */
  differing: string;
  /** Keeps the actual pictures instead of comparing. */
  renew: boolean;
}

/** How far a colour may be off (0 to 1) before its pixel counts, and which share of all pixels may. */
const COLOUR_TOLERANCE = 0.15;
const PIXEL_TOLERANCE = 0.0005;

/** What is wrong with a picture, in words with the files to look at; null: it is as it was. */
export function pictureDiffers(name: string, png: Buffer, folders: PictureFolders): string | null {
  const file = join(folders.kept, `${name}.png`);
  const actual = PNG.sync.read(png);
  if (folders.renew) {
    write(file, smallest(actual));
    return null;
  }
  const seen = join(folders.differing, `${name}.png`);
  if (!existsSync(file)) {
    write(seen, png);
    return `${name}: no picture of it is kept. See ${seen}`;
  }
  const kept = PNG.sync.read(readFileSync(file));
  const { width, height } = kept;
  if (actual.width !== width || actual.height !== height) {
    write(seen, png);
    return `${name}: ${actual.width} x ${actual.height}, was ${width} x ${height}. See ${seen}`;
  }
  const difference = join(folders.differing, `${name}.diff.png`);
  const diff = new PNG({ width, height });
  const count = pixelmatch(kept.data, actual.data, diff.data, width, height, { threshold: COLOUR_TOLERANCE });
  if (count <= width * height * PIXEL_TOLERANCE) {
    // An earlier look may have come too early.
    for (const file of [seen, difference]) rmSync(file, { force: true });
    return null;
  }
  write(seen, png);
  write(difference, PNG.sync.write(diff));
  return `${name}: ${count} pixels differ from ${file}. See ${difference} and ${seen}`;
}

/** In a few colours, without the alpha channel, packed hard: these pictures are part of the repository. */
function smallest(picture: PNG): Buffer {
  const { width, height, data } = picture;
  const coarse = Object.assign(new PNG({ width, height }), { data: data.map((value) => value & 0xfc) });
  return PNG.sync.write(coarse, { colorType: 2, deflateLevel: 9, deflateStrategy: 0, filterType: 0 });
}

function write(file: string, bytes: Buffer): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}
