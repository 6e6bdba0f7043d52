// The chain from the caller to the cause, in columns: what each waits for, and beneath it what shows that.
import { useState } from 'react';
import type { Link as ChainLink, StallCaller, Thread } from '../../../shared/diagnosis.ts';
import type { Stall } from '../../../shared/stall.ts';
import { StateGlyph } from '../../ui/glyph.tsx';
import { visible } from '../../ui/visible.ts';
import { foldStack, foldUserStack, ownFunctions, type StackLine } from './stack.ts';
import './chain.css';

const ROLES: Readonly<Record<ChainLink['role'], string>> = {
  caller: 'Caller',
  daemon: 'Daemon',
  helper: 'Helper',
  cause: 'The cause',
};

export function Chain({ stall, unfolded }: { stall: Stall; unfolded: boolean }) {
  const chain = stall.chain.length > 0 ? stall.chain : [callerAlone(stall)];
  const closes = stall.cycle === null ? null : chain[stall.cycle];
  return (
    <section className="chain-box" aria-label="From the caller to the cause">
      <ol className="chain" style={{ '--columns': Math.max(chain.length, 2) } as React.CSSProperties}>
        {chain.map((link, i) => (
          <Column
            // biome-ignore lint/suspicious/noArrayIndexKey: a place in the chain is what a column is
            key={i}
            link={link}
            isRoot={i === chain.length - 1 && chain.length > 1}
            isLast={i === chain.length - 1}
            unfolded={unfolded}
          />
        ))}
      </ol>
      {closes && (
        <p className="cycle">
          And {visible(chain.at(-1)?.name ?? '')} waits for {visible(closes.name)} again: the chain closes
          here, and nobody in it can go on.
        </p>
      )}
      {stall.limits.length > 0 && (
        <ul className="limits">
          {stall.limits.map((limit) => (
            <li key={limit}>{visible(limit)}</li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Column(props: { link: ChainLink; isRoot: boolean; isLast: boolean; unfolded: boolean }) {
  const { link, isRoot, isLast, unfolded } = props;
  return (
    <li className="col">
      <div className={isRoot ? 'node root' : 'node'}>
        <div className="k">
          {link.role === 'caller' || link.mount === null ? (
            isRoot ? (
              'The cause'
            ) : (
              ROLES[link.role]
            )
          ) : (
            <>
              <StateGlyph state="stalled" word={false} />
              <span className="mono ell">{visible(link.mount)}</span>
            </>
          )}
        </div>
        <div className="t">
          {visible(link.name)} <span>{idsOf(link)}</span>
        </div>
        <div className="d">
          {link.lines.map((line) => (
            <div key={line}>{visible(line)}</div>
          ))}
        </div>
      </div>
      {!isLast && (
        <div className="joint">
          <small>{link.via === null ? 'waits for' : visible(link.via)}</small>
          <span className="rod" aria-hidden="true" />
          <span className="tip" aria-hidden="true" />
        </div>
      )}
      <Stacks link={link} unfolded={unfolded} />
      {link.facts.length > 0 && (
        <dl className="sock">
          {link.facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{visible(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </li>
  );
}

function Stacks({ link, unfolded }: { link: ChainLink; unfolded: boolean }) {
  const { stack, userStack = [], telling } = link;
  const guessed = userStack.filter((one) => one.guessed).length;
  return (
    <>
      <Stack name="kernel stack" count={framesWords(stack)} lines={foldStack(stack, telling, unfolded)} />
      <Stack
        name="user stack"
        count={`${framesWords(userStack)}${guessed === 0 ? '' : `, ${guessed} guessed`}`}
        lines={foldUserStack(userStack, unfolded)}
      />
    </>
  );
}

function framesWords({ length }: readonly unknown[]): string {
  return length === 1 ? '1 frame' : `${length} frames`;
}

function Stack({ name, count, lines }: { name: string; count: string; lines: readonly StackLine[] }) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  if (lines.length === 0) return null;
  return (
    <>
      <div className="edge-t">
        <span>{name}</span>
        <span>{count}</span>
      </div>
      <ul className="stack" aria-label={name}>
        {lines.map((line, i) => (
          <Line
            // biome-ignore lint/suspicious/noArrayIndexKey: the same function may stand in a stack twice
            key={i}
            line={line}
            isOpen={open.has(i)}
            onOpen={() => setOpen((now) => new Set([...now, i]))}
          />
        ))}
      </ul>
    </>
  );
}

function Line({ line, isOpen, onOpen }: { line: StackLine; isOpen: boolean; onOpen: () => void }) {
  if (line.kind === 'frame') return <li title={visible(line.text)}>{visible(line.text)}</li>;
  if (line.kind === 'telling')
    return (
      <li className="tell">
        {line.text}
        <span className="note">{visible(line.note)}</span>
      </li>
    );
  if (isOpen)
    // biome-ignore lint/suspicious/noArrayIndexKey: the same function may stand in a stack twice
    return line.frames.map((frame, i) => <li key={i}>{visible(frame)}</li>);
  return (
    <li className="f">
      <button type="button" onClick={onOpen}>
        {line.frames.length} frames in {visible(line.part)}
      </button>
    </li>
  );
}

function idsOf({ pid, tid, role }: ChainLink): string {
  if (pid === null) return '';
  return tid === null || tid === pid || role === 'caller' ? `${pid}` : `${pid}, thread ${tid}`;
}

/** Before anybody has looked, there is still somebody who waits. */
function callerAlone({ span, caller }: Stall): ChainLink {
  return {
    role: 'caller',
    mountId: span.mountId,
    mount: span.mount,
    spanId: span.id,
    pid: span.pid,
    tid: span.tid,
    name: span.comm ?? (span.pid === null ? 'Someone' : `process ${span.pid}`),
    lines: linesOf(caller),
    via: span.op,
    stack: caller?.stack ?? [],
    userStack: caller?.userStack ?? [],
    telling: null,
    facts: [],
  };
}

function linesOf(caller: StallCaller | null): string[] {
  if (caller === null) return [];
  return [caller.wchan === null ? '' : `sleeps in ${caller.wchan}`, caller.unit ?? ''].filter(Boolean);
}

/** All threads of the daemon, for who wants to see more than the chain shows. */
export function DaemonThreads({ stall: { daemon } }: { stall: Stall }) {
  if (daemon === null || daemon.threads.length === 0) return null;
  return (
    <details className="threads">
      <summary>
        {daemon.threadCount === 1 ? 'The only thread' : `All ${daemon.threadCount} threads`} of{' '}
        {visible(daemon.comm ?? 'the daemon')} {daemon.pid}
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">Thread</th>
            <th scope="col">State</th>
            <th scope="col">Sleeps in</th>
            <th scope="col">System call</th>
            <th scope="col">Called in</th>
          </tr>
        </thead>
        <tbody>
          {daemon.threads.map((thread) => (
            <ThreadRow key={thread.tid} thread={thread} />
          ))}
        </tbody>
      </table>
    </details>
  );
}

function ThreadRow({ thread }: { thread: Thread }) {
  const { tid, comm, state, wchan, syscall, userStack = [] } = thread;
  const whole = userStack.map(({ text, guessed }) => visible(guessed ? `${text}, guessed` : text)).join('\n');
  return (
    <tr>
      <td>
        {visible(comm ?? '')} <span className="dim">{tid}</span>
      </td>
      <td>{state ?? '–'}</td>
      <td className="mono">{wchan ?? '–'}</td>
      <td className="mono">{syscall === null ? '–' : visible(syscall)}</td>
      <td className="mono" title={whole}>
        {visible(ownFunctions(userStack)) || '–'}
      </td>
    </tr>
  );
}
