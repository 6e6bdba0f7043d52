// A stack folded to what tells something: runs of frames of one part of the kernel, or of one library, become one line,
// the frame that shows the wait stands out. Pure.
import type { Link } from '../../../shared/diagnosis.ts';
import type { UserFrame } from '../../../shared/user-frame.ts';

export type StackLine =
  | { kind: 'frame'; text: string }
  | { kind: 'telling'; text: string; note: string }
  | { kind: 'folded'; part: string; frames: string[] };

/** Parts of the kernel by how their functions are called; the first that matches names the frame. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(_*fuse_|request_wait_answer)/, 'fuse'],
  [/futex/, 'futex'],
  [/^(_*tcp_|_*inet_|_*sk_|_*sock_|_*skb_|unix_|sk_|__sys_(send|recv)|__x64_sys_(send|recv))/, 'network'],
  [/^(_*ext4_|_*xfs_|_*btrfs_|_*blk_|submit_bio|io_schedule|_*jbd2_|percpu_rwsem|_*nfs_)/, 'storage'],
  [
    /^(_*vfs_|_*filemap_|generic_|path_|link_path|_*lookup_|walk_component|open_|do_filp|do_sys_open|filename_|user_path|ksys_|iterate_dir|_*folio_|do_(read|write|statx?|unlink|mkdir|rmdir|rename)|new_sync_|page_cache_|d_alloc|step_into|may_open)/,
    'vfs',
  ],
  [/^(_*schedule|preempt_|_*mutex_|rwsem_|down_|_*wait_)/, 'waiting'],
  [/^(entry_|do_syscall|x64_sys|__x64_sys|__se_sys|__do_sys|ret_from)/, 'the system call'],
];

const OWN_SHOWN = 3;

/** @param unfolded show every frame. */
export function foldStack(
  stack: readonly string[],
  telling: Link['telling'],
  unfolded: boolean,
): StackLine[] {
  const lines: StackLine[] = [];
  let told = false;
  if (telling && !stack.some((frame) => nameOf(frame) === nameOf(telling.frame))) {
    lines.push({ kind: 'telling', text: telling.frame, note: telling.text });
    told = true;
  }
  for (const frame of stack) {
    if (telling && !told && nameOf(frame) === nameOf(telling.frame)) {
      lines.push({ kind: 'telling', text: frame, note: telling.text });
      told = true;
      continue;
    }
    add(lines, frame, unfolded ? null : partOf(frame));
  }
  return lines.map(singleShown);
}

/** Frames of the program itself stay: they are what its author looks for. @param unfolded show every frame. */
export function foldUserStack(stack: readonly UserFrame[], unfolded: boolean): StackLine[] {
  const lines: StackLine[] = [];
  for (const { text, guessed } of stack)
    add(lines, guessed ? `${text}, guessed` : text, unfolded ? null : libraryOf(text));
  return lines.map(singleShown);
}

/** Of the functions of the program itself the innermost, each with its caller behind it; "" where none has a name. */
export function ownFunctions(stack: readonly UserFrame[]): string {
  return stack
    .filter(({ text }) => text.endsWith(')') && libraryOf(text) === null)
    .slice(0, OWN_SHOWN)
    .map(({ text, guessed }) => `${nameOf(text)}${guessed ? ' (guessed)' : ''}`)
    .join(' ← ');
}

/** @param part null: the frame is shown. */
function add(lines: StackLine[], frame: string, part: string | null): void {
  const last = lines.at(-1);
  if (part === null) lines.push({ kind: 'frame', text: frame });
  else if (last?.kind === 'folded' && last.part === part) last.frames.push(frame);
  else lines.push({ kind: 'folded', part, frames: [frame] });
}

/** One frame takes no more room by its name than by its number. */
function singleShown(line: StackLine): StackLine {
  return line.kind === 'folded' && line.frames.length === 1
    ? { kind: 'frame', text: line.frames[0] ?? '' }
    : line;
}

/** libfuse3.so.3 of `fuse_do_work+0x8c (libfuse3.so.3)` and of `libfuse3.so.3+0x1c3`; null for a program. */
function libraryOf(frame: string): string | null {
  const file = /\(([^()]*)\)$/.exec(frame)?.[1] ?? frame.split('+', 1)[0] ?? '';
  return /\.so(\.|$)/.test(file) ? file : null;
}

/** fuse_do_getattr of fuse_do_getattr+0x8c/0x1a0 [fuse]. */
function nameOf(frame: string): string {
  return frame.split(/[+ (]/, 1)[0] ?? frame;
}

function partOf(frame: string): string | null {
  return PARTS.find(([pattern]) => pattern.test(frame))?.[1] ?? null;
}
