import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Router } from 'wouter';
import { queryClient } from './api/queries.ts';
import { App } from './app.tsx';
import { keepTitle } from './frame/title.ts';
import { listenForKeys } from './keys/keys.ts';
import { connectFeed } from './live/feed.ts';
import { showRecording } from './live/recorded.ts';
import { watchForNews } from './ui/notify.ts';
import { keepRecording, recordingId } from './url/recording.ts';
import './theme/tokens.css';
import './theme/base.css';
import './theme/marks.css';
import './theme/controls.css';
import './theme/notes.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
forgetToken();
if (recordingId === null) connectFeed();
else void showRecording(recordingId);
watchForNews();
keepTitle();
listenForKeys();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <Router
        hrefs={(href) => keepRecording(href)}
        aroundNav={(navigate, to, options) => navigate(keepRecording(to), options)}
      >
        <App />
      </Router>
    </QueryClientProvider>
  </StrictMode>,
);

/** A link with `?token=` has done its work once the server has set its cookie; it must not be copied on. */
function forgetToken(): void {
  const url = new URL(location.href);
  if (!url.searchParams.has('token')) return;
  url.searchParams.delete('token');
  history.replaceState(null, '', url);
}
