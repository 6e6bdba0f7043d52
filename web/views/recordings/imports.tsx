// Importing logs and recordings: the button, and what becomes of each file.
import { Upload as UploadIcon, X } from 'lucide-react';
import { useRef } from 'react';
import { useStore } from 'zustand';
import { LOG_FORMATS } from '../../../shared/import.ts';
import { formatBytes, formatCount, formatPercent } from '../../../shared/units.ts';
import { addUploads, forgetUpload, stopUpload, type Upload, uploads } from '../../recordings/uploads.ts';
import { Field } from '../../ui/field.tsx';
import { Problem } from '../../ui/problem.tsx';
import { visible } from '../../ui/visible.ts';
import { recordingHref } from '../../url/recording.ts';
import { Report } from './report.tsx';
import { countWords } from './words.ts';
import './imports.css';

export function ImportButton() {
  const input = useRef<HTMLInputElement>(null);
  const { format, mount } = useStore(uploads);
  return (
    <details className="rec-import">
      <summary className="btn">
        <UploadIcon className="ic" aria-hidden />
        Import
      </summary>
      <div className="rec-import-form">
        <p>
          Logs of FUSE programs and applications, our exports, and recordings (.fscope), plain or packed. Drop
          them anywhere on the page, or choose them here.
        </p>
        <Field label="Format">
          {(field) => (
            <select
              {...field}
              value={format}
              onChange={(event) => uploads.setState({ format: event.target.value })}
            >
              {LOG_FORMATS.map((name) => (
                <option key={name} value={name}>
                  {name === 'auto' ? 'told by its first lines' : name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Mount of its operations" hint="Of a trace by strace only calls below it are taken.">
          {(field) => (
            <input
              {...field}
              className="mono"
              value={mount}
              spellCheck={false}
              placeholder="as the log says"
              onChange={(event) => uploads.setState({ mount: event.target.value })}
            />
          )}
        </Field>
        <button type="button" className="btn" onClick={() => input.current?.click()}>
          Choose files
        </button>
        <input
          ref={input}
          type="file"
          multiple
          hidden
          aria-label="Files to import"
          onChange={(event) => {
            addUploads(event.target.files ?? []);
            event.target.value = '';
          }}
        />
      </div>
    </details>
  );
}

/** The files of this visit, newest first. */
export function Imports() {
  const { items } = useStore(uploads);
  if (items.length === 0) return null;
  return (
    <section className="rec-imports" aria-label="Imports">
      <div className="hd">
        <h2>Imports</h2>
        <span>since this page was opened</span>
      </div>
      <ul>
        {items.map((one) => (
          <Import key={one.key} one={one} />
        ))}
      </ul>
    </section>
  );
}

function Import({ one }: { one: Upload }) {
  const { key, file, state, sentBytes, recording, report, error } = one;
  const going = state === 'waiting' || state === 'sending';
  return (
    <li>
      <div className="rec-file">
        <b className="mono">{visible(file.name)}</b>
        <span className="dim n">{formatBytes(file.size).text}</span>
        <span role="status" className="sec">
          {stateWords(one)}
        </span>
        <span className="sp" />
        {recording !== null && (
          <a className="btn sm" href={recordingHref(recording)} data-item>
            Open<span className="sr"> {visible(file.name)}</span>
          </a>
        )}
        {report !== null && report.patterns > 0 && (
          <a className="btn sm ghost" href={recordingHref(report.recording, '/errors')}>
            {countWords(report.patterns, 'kind')} of errors
          </a>
        )}
        <button
          type="button"
          className={going ? 'btn sm' : 'icb'}
          aria-label={going ? undefined : `Take ${visible(file.name)} off this list`}
          onClick={() => (going ? stopUpload(key) : forgetUpload(key))}
        >
          {going ? 'Stop' : <X className="ic" aria-hidden />}
        </button>
      </div>
      {state === 'sending' && (
        <progress
          max={Math.max(1, file.size)}
          value={sentBytes}
          aria-label={`${visible(file.name)} is sent`}
        />
      )}
      {error && <Problem error={error} />}
      {report && <Report report={report} />}
    </li>
  );
}

function stateWords({ state, sentBytes, file, report }: Upload): string {
  if (state === 'waiting') return 'waits for its turn';
  if (state === 'stopped') return 'stopped; nothing of it was kept';
  if (state === 'failed') return 'was not taken';
  if (state === 'done') return report ? `read as ${report.format}` : 'taken as a recording';
  if (sentBytes >= file.size) return 'sent; the rest is being written';
  return `${formatPercent(sentBytes / Math.max(1, file.size)).text}, ${formatCount(sentBytes).text} bytes read`;
}
