// Files and processes: the directories of the mounts with what each took, the life story of the one that is chosen,
// and the processes with what each costs the mounts.
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useStore } from 'zustand';
import { filesQuery, processesQuery } from '../../api/queries.ts';
import { FilterBar } from '../../filter/bar.tsx';
import { live } from '../../live/feed.ts';
import { filesCommand } from '../../ui/commands.ts';
import { commandChoice, jsonChoice, useCopies } from '../../ui/copies.ts';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { DEFAULT_PARAMS, type ViewParams, writeParams } from '../../url/params.ts';
import { recordingId } from '../../url/recording.ts';
import { term } from '../../url/terms.ts';
import { useViewParams } from '../../url/use.ts';
import { isWatched } from '../overview/order.ts';
import { PathTable } from './path-table.tsx';
import { ProcessTable } from './process-table.tsx';
import { Story } from './story.tsx';
import './files.css';

export default function FilesView() {
  const [params, change] = useViewParams();
  const { filter, range, path } = params;
  const mounts = useStore(live, (state) => state.mounts);
  // A path means something on one mount only.
  const mount =
    params.mount ??
    (mounts.find((one) => one.state !== 'gone' && isWatched(one)) ?? mounts[0])?.mount ??
    null;
  const processes = params.by === 'processes';
  // What is not watched has no paths to show.
  const listed = mounts.filter((one) => isWatched(one) || one.mount === mount);
  const within = mount === null ? filter : `${filter} ${term('mount', mount)}`.trim();
  const under = path ?? '/';
  const paths = useQuery({ ...filesQuery(within, range, under), enabled: !processes });
  const family = useQuery({ ...processesQuery(within, range), enabled: processes });
  const href = (part: Partial<ViewParams>) =>
    `/files${writeParams({ ...DEFAULT_PARAMS, filter, range, mount, path, by: params.by, ...part })}`;
  useCopies([
    commandChoice(
      filesCommand({ filter: within, range, recording: recordingId }, { path, mount, by: params.by }),
    ),
    jsonChoice('JSON', () => (processes ? family.data?.items : paths.data)),
  ]);
  const error = processes ? family.error : paths.error;
  return (
    <div className="files">
      <h1 className="sr">Files and processes</h1>
      <div className="fbar">
        <FilterBar
          filter={filter}
          onFilter={(next) => change({ filter: next })}
          hint="mount:/mnt/x  op:write  comm:rsync  errno:any"
        />
        <nav className="files-tabs" aria-label="What is listed">
          <Link href={href({ by: null })} aria-current={processes ? undefined : 'true'}>
            Paths
          </Link>
          <Link href={href({ by: 'processes' })} aria-current={processes ? 'true' : undefined}>
            Processes
          </Link>
        </nav>
      </div>
      <nav className="crumbs" aria-label="Mounts">
        {listed.map((one) => (
          <Link
            key={one.id}
            className="link mono"
            href={href({ mount: one.mount, path: null })}
            aria-current={one.mount === mount ? 'true' : undefined}
          >
            {visible(one.mount)}
          </Link>
        ))}
      </nav>
      <section className="files-list" aria-label={processes ? 'Processes' : 'Paths'}>
        {!processes && (
          <p className="crumbs">
            {crumbs(under).map(([name, to]) => (
              <Link key={to} className="link mono" href={href({ path: to })}>
                {visible(name)}
              </Link>
            ))}
          </p>
        )}
        {error && <Problem error={error} />}
        {processes
          ? family.data && <ProcessTable processes={family.data.items} />
          : paths.data && <PathTable answer={paths.data} href={(to) => href({ path: to })} />}
      </section>
      {!processes && path !== null && mount !== null && <Story path={path} mount={mount} range={range} />}
    </div>
  );
}

/** The directories down to a path, the root first. */
function crumbs(path: string): [name: string, path: string][] {
  const names = path.split('/').filter((name) => name !== '');
  return [
    ['/', '/'],
    ...names.map((name, i): [string, string] => [name, `/${names.slice(0, i + 1).join('/')}`]),
  ];
}
