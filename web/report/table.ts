// Every operation as a row, of which only those in view exist; the filter language narrows them.
import { compileFilter } from '../../shared/filter/compile.ts';
import { parse } from '../../shared/filter/parse.ts';
import { resultOf, type Span } from '../../shared/span.ts';
import { formatBytes, formatCount, formatDuration, formatWall } from '../../shared/units.ts';
import { visible } from '../ui/visible.ts';
import type { ReportData } from './data.ts';
import { el } from './dom.ts';

const ROW_PX = 24;
const SHOWN = 20;

interface Column {
  head: string;
  text: (span: Span) => string;
  key: (span: Span) => number | string;
  className?: string;
}

const COLUMNS: readonly Column[] = [
  { head: 'Began', text: (span) => formatWall(span.startUs).text, key: (span) => span.startUs },
  { head: 'Operation', text: ({ op }) => visible(op), key: ({ op }) => op },
  {
    head: 'Path',
    text: ({ path, newPath }) => visible(newPath === null ? (path ?? '') : `${path ?? ''} → ${newPath}`),
    key: ({ path }) => path ?? '',
    className: 'path',
  },
  { head: 'Result', text: resultOf, key: ({ errno }) => errno ?? -1 },
  {
    head: 'Took',
    text: ({ durationNs }) => (durationNs === null ? '–' : formatDuration(durationNs).text),
    key: ({ durationNs }) => durationNs ?? Number.MAX_SAFE_INTEGER,
    className: 'right',
  },
  {
    head: 'Bytes',
    text: ({ bytes }) => (bytes === null ? '' : formatBytes(bytes).text),
    key: ({ bytes }) => bytes ?? -1,
    className: 'right',
  },
  {
    head: 'Caller',
    text: ({ comm, pid }) => visible(`${comm ?? ''} ${pid ?? ''}`.trim()),
    key: ({ pid }) => pid ?? -1,
  },
];

export function tableSection({ spans, head }: ReportData): {
  element: HTMLElement;
  show: (id: number) => void;
} {
  let shown: Span[] = spans;
  let chosen: number | null = null;
  let order: { column: Column; down: boolean } | null = null;
  const field = el('input', [], {
    type: 'text',
    placeholder: 'op:read dur:>10ms errno:any path:*.db',
    'aria-label': 'Filter of the table',
    spellcheck: 'false',
  }) as HTMLInputElement;
  const note = el('span.note', []);
  const body = el('div.rows', []);
  const box = el('div.vbox', [body], { tabindex: '0', role: 'region', 'aria-label': 'Operations' });
  const detail = el('pre.detail', []);
  const heads = el(
    'div.vrow.vhead',
    COLUMNS.map((column) => {
      const button = el(`button${column.className ? `.${column.className}` : ''}`, [column.head], {
        type: 'button',
      });
      button.addEventListener('click', () => {
        order = { column, down: order?.column === column ? !order.down : true };
        refresh();
      });
      return button;
    }),
  );

  function refresh(): void {
    const parsed = parse(field.value);
    field.setAttribute('aria-invalid', String(!parsed.ok));
    if (!parsed.ok) {
      note.textContent = parsed.error.message;
      return;
    }
    const test = compileFilter(parsed.filter);
    shown = spans.filter((span) => test(span, head.untilUs));
    if (order) {
      const { key } = order.column;
      const sign = order.down ? -1 : 1;
      shown.sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        return x === y ? a.id - b.id : sign * (x < y ? -1 : 1);
      });
    }
    note.textContent = `${formatCount(shown.length).text} of ${formatCount(spans.length).text}`;
    body.style.height = `${shown.length * ROW_PX}px`;
    draw();
  }

  function draw(): void {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW_PX) - 4);
    const rows = shown.slice(first, first + SHOWN + 8).map((span, i) => {
      const cells = COLUMNS.map((column) =>
        el(`span${column.className ? `.${column.className}` : ''}`, [column.text(span)]),
      );
      const tone = span.state === 'open' ? '.open' : span.error !== null ? '.error' : '';
      const element = el(`div.vrow${tone}${span.id === chosen ? '.chosen' : ''}`, cells, {
        'data-id': String(span.id),
      });
      element.style.top = `${(first + i) * ROW_PX}px`;
      return element;
    });
    body.replaceChildren(...rows);
  }

  function choose(id: number): void {
    chosen = id;
    const span = spans.find((one) => one.id === id);
    const facts = Object.entries(span ?? {}).filter(([, value]) => value !== null);
    detail.textContent = facts
      .map(
        ([name, value]) =>
          `${name.padEnd(12)} ${visible(typeof value === 'object' ? JSON.stringify(value) : String(value))}`,
      )
      .join('\n');
    draw();
  }

  function show(id: number): void {
    if (!shown.some((span) => span.id === id)) {
      field.value = '';
      refresh();
    }
    box.scrollTop = Math.max(0, shown.findIndex((span) => span.id === id) - 5) * ROW_PX;
    choose(id);
    box.scrollIntoView({ block: 'nearest' });
  }

  field.addEventListener('input', refresh);
  box.addEventListener('scroll', draw);
  body.addEventListener('click', (event) => {
    const id = (event.target as Element).closest('[data-id]')?.getAttribute('data-id');
    if (id) choose(Number(id));
  });
  refresh();
  return {
    element: el('section', [
      el('h2', ['Operations ', el('small', [note])]),
      field,
      el('div.scroll', [el('div.wide', [heads, box])]),
      detail,
    ]),
    show,
  };
}
