// Files on their way to the server: logs, which become recordings, and recordings from elsewhere. One after the other,
// whatever view is in front. The server reads a log as it comes, so that what has been sent has been read, too.
import { createStore } from 'zustand/vanilla';
import type { ImportAnswer } from '../../shared/import.ts';
import { RECORDING_EXTENSION, type Recording } from '../../shared/recording.ts';
import { upload } from '../api/upload.ts';
import { refreshRecordings } from './recorder.ts';

export interface Upload {
  key: number;
  file: File;
  sentBytes: number;
  state: 'waiting' | 'sending' | 'done' | 'failed' | 'stopped';
  /** The recording it became. */
  recording: number | null;
  /** What became of a log's lines. */
  report: ImportAnswer | null;
  error: Error | null;
}

interface UploadState {
  items: readonly Upload[];
  /** How logs are read that are added from now on. */
  format: string;
  mount: string;
}

export const uploads = createStore<UploadState>(() => ({ items: [], format: 'auto', mount: '' }));

const givingUp = new Map<number, AbortController>();
let nextKey = 1;
let running = false;

export function addUploads(files: Iterable<File>): void {
  const added = [...files].map(
    (file): Upload => ({
      key: nextKey++,
      file,
      sentBytes: 0,
      state: 'waiting',
      recording: null,
      report: null,
      error: null,
    }),
  );
  uploads.setState(({ items }) => ({ items: [...added.reverse(), ...items] }));
  void run();
}

/** Gives one up; the server keeps nothing of it. */
export function stopUpload(key: number): void {
  change(key, { state: 'stopped' });
  givingUp.get(key)?.abort();
}

/** Takes one that has ended off the list. */
export const forgetUpload = (key: number): void =>
  uploads.setState(({ items }) => ({ items: items.filter((one) => one.key !== key) }));

async function run(): Promise<void> {
  if (running) return;
  running = true;
  for (;;) {
    const next = uploads.getState().items.findLast((one) => one.state === 'waiting');
    if (!next) break;
    await send(next);
  }
  running = false;
}

async function send({ key, file }: Upload): Promise<void> {
  const controller = new AbortController();
  givingUp.set(key, controller);
  change(key, { state: 'sending' });
  const onSent = (sentBytes: number) => change(key, { sentBytes });
  try {
    if (file.name.endsWith(`.${RECORDING_EXTENSION}`)) {
      const { id } = await upload<Recording>('/api/recordings/file', file, onSent, controller.signal);
      change(key, { state: 'done', recording: id });
    } else {
      const report = await upload<ImportAnswer>(importPath(file), file, onSent, controller.signal);
      change(key, { state: 'done', recording: report.recording, report });
    }
  } catch (error) {
    if (!controller.signal.aborted) change(key, { state: 'failed', error: error as Error });
  } finally {
    givingUp.delete(key);
    void refreshRecordings();
  }
}

function importPath(file: File): string {
  const { format, mount } = uploads.getState();
  const query = new URLSearchParams({ format, name: file.name.slice(0, 200) });
  if (file.lastModified > 0) query.set('modified', String(file.lastModified * 1_000));
  if (mount.trim() !== '') query.set('mount', mount.trim());
  return `/api/import?${query}`;
}

function change(key: number, part: Partial<Upload>): void {
  uploads.setState(({ items }) => ({
    items: items.map((one) => (one.key === key ? { ...one, ...part } : one)),
  }));
}
