// The page: frame, routes and the keys that work everywhere.
import { lazy, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { useStore } from 'zustand';
import { Foot } from './frame/foot.tsx';
import { layers, openLayer, toggleLayer } from './frame/layers.ts';
import { NoServer, useFreshAfterOutage } from './frame/no-server.tsx';
import { StoreNotice } from './frame/store-notice.tsx';
import { Strip } from './frame/strip.tsx';
import { MobileTabs, Top } from './frame/top.tsx';
import { VIEWS } from './frame/views.ts';
import { EVERYWHERE, useKeys } from './keys/keys.ts';
import { KeySheet } from './keys/sheet.tsx';
import { live, resume, togglePause } from './live/feed.ts';
import { DropTarget } from './recordings/drop.tsx';
import { toggleRecording } from './recordings/recorder.ts';
import { Boundary } from './ui/boundary.tsx';
import { Coming } from './ui/coming.tsx';
import { CopySheet } from './ui/copy-sheet.tsx';
import { Problem } from './ui/problem.tsx';
import { StallNews } from './ui/stall-news.tsx';
import { recordingId } from './url/recording.ts';
import { hrefKeeping, useViewParams } from './url/use.ts';
import { EmptyView } from './views/empty/empty.tsx';
import { OperationsView } from './views/operations/operations.tsx';
import { isWatched } from './views/overview/order.ts';
import { OverviewView } from './views/overview/overview.tsx';
import { StallView } from './views/stalls/stall.tsx';
import { StallsView } from './views/stalls/stalls.tsx';
import './frame/frame.css';

// recharts is the larger half of the page's script, and only this view draws with it.
const LatencyView = lazy(() => import('./views/latency/latency.tsx'));
const TimelineView = lazy(() => import('./views/timeline/timeline.tsx'));
const FilesView = lazy(() => import('./views/files/files.tsx'));
const ErrorsView = lazy(() => import('./views/errors/errors.tsx'));
const FaultsView = lazy(() => import('./views/faults/faults.tsx'));
const SettingsView = lazy(() => import('./views/settings/settings.tsx'));
const RecordingsView = lazy(() => import('./views/recordings/recordings.tsx'));
const Palette = lazy(() => import('./palette/palette.tsx'));

export function App() {
  const [path] = useLocation();
  const layer = useStore(layers, ({ open }) => open);
  const close = () => openLayer(null);
  useFreshAfterOutage();
  const problem = useStore(live, (state) => state.problem);
  const never = useStore(live, (state) => state.server === null && state.link.kind === 'down');
  // Until its picture is there nothing knows when a recording ends: ages would grow to this very day.
  const opening = useStore(live, (state) => recordingId !== null && state.recording === null);
  return (
    <div className="frame">
      <a className="skip" href="#main">
        Skip to the view
      </a>
      <GlobalKeys />
      <Top onSearch={() => openLayer('palette')} />
      <Strip />
      <StoreNotice />
      <main id="main" tabIndex={-1}>
        <Boundary view={path}>
          <Suspense fallback={<Coming what="the view" />}>
            {problem ? (
              <Problem error={problem} />
            ) : never ? (
              <NoServer />
            ) : opening ? (
              <Coming what="the recording" />
            ) : (
              <Switch>
                <Route path="/" component={Home} />
                <Route path="/start" component={EmptyView} />
                <Route path="/timeline" component={TimelineView} />
                <Route path="/operations" component={OperationsView} />
                <Route path="/stalls" component={StallsView} />
                <Route path="/stalls/:id">{({ id }) => <StallView id={Number(id)} />}</Route>
                <Route path="/latency" component={LatencyView} />
                <Route path="/files" component={FilesView} />
                <Route path="/errors" component={ErrorsView} />
                <Route path="/recordings" component={RecordingsView} />
                <Route path="/faults" component={FaultsView} />
                <Route path="/settings" component={SettingsView} />
                <Route>
                  <Problem
                    error={new Error('There is no such view. The tabs above lead to those there are.')}
                  />
                </Route>
              </Switch>
            )}
          </Suspense>
        </Boundary>
      </main>
      <Foot />
      <MobileTabs />
      <StallNews />
      <DropTarget />
      <KeySheet open={layer === 'keys'} onClose={close} />
      <CopySheet open={layer === 'copy'} onClose={close} />
      {layer === 'palette' && (
        <Suspense fallback={null}>
          <Palette onClose={close} />
        </Suspense>
      )}
    </div>
  );
}

/** Overview, or where nothing is mounted yet what to do about it. */
function Home() {
  const connected = useStore(live, (state) => state.server !== null);
  // Mounts that nobody watches are no reason for an overview yet: the first page offers to watch them.
  const nothing = useStore(
    live,
    (state) =>
      state.stalls.length === 0 &&
      state.gauges?.store.spans === 0 &&
      state.mounts.every((mount) => mount.state === 'gone' || !isWatched(mount)),
  );
  if (!connected) return <Coming what="the trace" />;
  return nothing && recordingId === null ? <EmptyView /> : <OverviewView />;
}

/** A part of its own: a change of the URL's state need not draw all of the page anew. */
function GlobalKeys() {
  const [path, navigate] = useLocation();
  const [params, change] = useViewParams();
  const recording = useStore(live, (state) => state.recording !== null);
  useKeys(EVERYWHERE, [
    ...VIEWS.map((view) => ({
      keys: [view.key],
      label: view.name,
      run: () => navigate(hrefKeeping(view.path, params)),
    })),
    {
      keys: ['Mod+k'],
      shownAs: 'Ctrl K',
      label: 'search or run a command',
      inText: true,
      run: () => toggleLayer('palette'),
    },
    {
      keys: [' '],
      shownAs: 'Space',
      label: 'pause',
      foot: recordingId === null && path !== '/operations' && path !== '/timeline',
      run: togglePause,
    },
    {
      keys: ['l'],
      label: 'live',
      run: () => {
        if (recording) location.assign('/');
        resume();
        if (params.range) change({ range: null, order: 'start:desc' });
      },
    },
    // What a recording shows is over: there is nothing to record.
    ...(recordingId === null
      ? [{ keys: ['r'], label: 'start or stop recording', run: () => void toggleRecording() }]
      : []),
    { keys: ['?'], label: 'all keys', foot: true, run: () => toggleLayer('keys') },
    { keys: ['y'], label: 'copy as', foot: true, run: () => toggleLayer('copy') },
  ]);
  return null;
}
