// The page around the spans of an HTML export: its style and its program. Text goes in by textContent alone, and the
// policy in its head lets it load and send nothing.

export const HTML_HEAD = `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width"><title>FuseScope trace</title>
<style>
:root{color-scheme:light dark;--line:#8884;--bar:#3a7bd5;--bad:#d0342c;--soft:#777}
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1200px;padding:16px}
h1{font-size:20px}h2{font-size:16px;margin-top:28px}p{color:var(--soft)}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:2px 8px;border-bottom:1px solid var(--line);white-space:nowrap}
td.n,th.n{text-align:right}td.path{white-space:pre-wrap;overflow-wrap:anywhere;min-width:160px;unicode-bidi:isolate}
.scroll{overflow-x:auto}.bad{color:var(--bad)}canvas{width:100%;display:block}
input{font:inherit;padding:4px 8px;width:min(100%,360px)}button{font:inherit;padding:4px 10px}
</style></head><body>
<h1>FuseScope trace</h1><p id="about"></p>
<h2>Timeline</h2><canvas id="timeline" role="img" aria-label="Operations over time, a lane for each operation"></canvas>
<h2>Stalls</h2><div class="scroll"><table id="stalls"></table></div>
<h2>Latency</h2><div class="scroll"><table id="latency"></table></div>
<h2>Operations</h2><p><input id="search" type="search" placeholder="Search" aria-label="Search operations">
<button id="back">Back</button> <button id="next">Next</button> <span id="page"></span></p>
<div class="scroll"><table id="table"></table></div>
`;

export const HTML_TAIL = `<script>
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const FIELDS = ['startUs','durationNs','queueNs','op','mount','state','error','path','newPath','pid','comm','offset','bytes','stalled'];
const TEXTS = new Set([3, 4, 5, 6, 7, 8, 10]);
const texts = [];
const spans = data.rows.map((row) => {
  const span = {};
  row.forEach((cell, i) => {
    if (TEXTS.has(i) && typeof cell === 'string') { texts.push(cell); span[FIELDS[i]] = cell; }
    else span[FIELDS[i]] = TEXTS.has(i) && cell !== null ? texts[cell] : cell;
  });
  return span;
});
const time = (us) => new Date(us / 1000).toISOString();
const duration = (ns) => {
  if (ns === null) return '';
  for (const [size, unit] of [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']]) if (ns >= size) return (ns / size).toPrecision(3) + ' ' + unit;
  return ns + ' ns';
};
const lasted = (span) => span.state === 'open' ? 'open for ' + duration((data.untilUs - span.startUs) * 1e3) : duration(span.durationNs);
const result = (span) => span.error ?? (span.state === 'done' ? 'ok' : span.state);
function fill(id, heads, rows) {
  const table = document.getElementById(id);
  table.textContent = '';
  const line = (cells, tag) => {
    const tr = table.appendChild(document.createElement('tr'));
    cells.forEach((cell, i) => {
      const at = tr.appendChild(document.createElement(tag));
      at.textContent = cell ?? '';
      if (heads[i].startsWith('#')) at.className = 'n';
      if (heads[i] === 'Path') at.className = 'path';
      if (tag === 'td' && heads[i] === 'Result' && cell !== 'ok') at.className = 'bad';
    });
  };
  line(heads.map((head) => head.replace('#', '')), 'th');
  for (const row of rows) line(row, 'td');
}
const HEADS = ['Time', 'Operation', '#Duration', 'Result', 'Path', 'Process', '#Bytes', 'Mount'];
const cells = (span) => [time(span.startUs), span.op, lasted(span), result(span),
  (span.path ?? '') + (span.newPath === null ? '' : ' → ' + span.newPath),
  [span.comm, span.pid].filter((one) => one !== null).join(' '), span.bytes, span.mount];

let fromUs = Infinity, toUs = -Infinity;
for (const span of spans) {
  fromUs = Math.min(fromUs, span.startUs);
  toUs = Math.max(toUs, span.state === 'open' ? data.untilUs : span.startUs + (span.durationNs ?? 0) / 1e3);
}
const stalls = spans.filter((span) => span.stalled === 1);
document.getElementById('about').textContent = spans.length === 0 ? 'No operations in this range.' :
  spans.length + ' operations from ' + time(fromUs) + ' to ' + time(toUs) + ', ' + stalls.length + ' stalls. FuseScope ' + data.version + '.' +
  (data.cut ? ' There were more; those after these are left out. Export a shorter range or a narrower filter.' : '');
fill('stalls', HEADS, stalls.slice(0, 1000).map(cells));

const byOp = new Map();
for (const span of spans) {
  const one = byOp.get(span.op) ?? { op: span.op, durations: [], errors: 0, open: 0 };
  byOp.set(span.op, one);
  if (span.state === 'open') one.open++;
  else if (span.durationNs !== null) one.durations.push(span.durationNs);
  if (span.error !== null) one.errors++;
}
const ops = [...byOp.values()].sort((a, b) => b.durations.length - a.durations.length);
for (const one of ops) one.durations.sort((a, b) => a - b);
const percentile = (sorted, share) => sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
fill('latency', ['Operation', '#Count', '#Errors', '#Open', '#p50', '#p90', '#p99', '#Longest'], ops.map((one) =>
  [one.op, one.durations.length, one.errors, one.open, ...[0.5, 0.9, 0.99, 1].map((share) => duration(percentile(one.durations, share)))]));

function draw() {
  const canvas = document.getElementById('timeline'), LANE = 20, LEFT = 90;
  const width = canvas.clientWidth, ratio = window.devicePixelRatio || 1;
  canvas.style.height = ops.length * LANE + 'px';
  canvas.width = width * ratio; canvas.height = ops.length * LANE * ratio;
  const paint = canvas.getContext('2d'), style = getComputedStyle(document.documentElement);
  paint.scale(ratio, ratio);
  paint.font = '12px system-ui,sans-serif';
  const scale = (width - LEFT) / Math.max(1, toUs - fromUs), lanes = new Map(ops.map((one, i) => [one.op, i]));
  paint.fillStyle = getComputedStyle(document.body).color;
  ops.forEach((one, i) => paint.fillText(one.op, 0, i * LANE + 14, LEFT - 6));
  for (const span of spans) {
    const lengthUs = span.state === 'open' ? data.untilUs - span.startUs : (span.durationNs ?? 0) / 1e3;
    paint.fillStyle = style.getPropertyValue(span.error !== null || span.stalled === 1 ? '--bad' : '--bar');
    paint.fillRect(LEFT + (span.startUs - fromUs) * scale, lanes.get(span.op) * LANE + 3, Math.max(1, lengthUs * scale), LANE - 6);
  }
}
draw();
addEventListener('resize', draw);

const PAGE = 200;
let found = spans, at = 0;
function show() {
  fill('table', HEADS, found.slice(at, at + PAGE).map(cells));
  document.getElementById('page').textContent = found.length === 0 ? 'none' : (at + 1) + '–' + Math.min(found.length, at + PAGE) + ' of ' + found.length;
}
document.getElementById('back').onclick = () => { at = Math.max(0, at - PAGE); show(); };
document.getElementById('next').onclick = () => { if (at + PAGE < found.length) at += PAGE; show(); };
document.getElementById('search').oninput = (event) => {
  const text = event.target.value.toLowerCase();
  found = text === '' ? spans : spans.filter((span) => cells(span).join(' ').toLowerCase().includes(text));
  at = 0; show();
};
show();
</script></body></html>
`;
