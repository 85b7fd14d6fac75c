// The component: takes the comparison from Python, ties chart, player and tables together. User text goes in as text.

const root = element.querySelector('.co-root'), find = (selector) => root.querySelector(selector);
const plot = find('.co-plot'), svg = find('svg'), card = find('.co-card'), video = find('video'), box = find('.co-box');
const TABLES = [['a', 'Only in A'], ['both', 'In both'], ['b', 'Only in B']];
let model = null, chart = null, pointed = null, chosen = null;

const make = (tag, className, ...children) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
};
const score = (side, i) => model[side].score[i] / U16;
const signed = (value) => (value < -0.005 ? '−' : value > 0.005 ? '+' : '±') + Math.abs(value).toFixed(2);

function read(value) {
  const pts = unpack(value.pts, Float32Array);
  const a = { ...value.a, score: unpack(value.a.score, Uint16Array) }, b = { ...value.b, score: unpack(value.b.score, Uint16Array) };
  const difference = Float32Array.from(pts, (_, i) => (b.score[i] - a.score[i]) / U16);
  return { ...value, pts, a, b, difference, duration: Math.max(value.video.duration_s, pts[pts.length - 1], 0.001) };
}

function values(i) {
  return [['a', 'A', score('a', i).toFixed(2)], ['b', 'B', score('b', i).toFixed(2)], ['', 'B − A', signed(model.difference[i])]]
    .map(([side, name, text]) => make('span', side && `co-${side}`, make('b', '', name), ` ${text}`));
}

function bar(side, value) {
  const fill = make('i', '');
  fill.style.width = `${100 * value}%`;
  return make('span', `co-bar co-${side}`, make('b', '', side.toUpperCase()), make('span', 'co-track', fill), value.toFixed(2));
}

// The pointer: a line, a dot on each curve and a card with the numbers there.
function point(t) {
  const i = sampleAt(model.pts, t), x = chart.point(t, i);
  pointed = i;
  card.replaceChildren(make('strong', '', formatTime(t, 2)), ...values(i));
  card.hidden = false;
  const half = card.offsetWidth / 2;
  card.style.left = `${clamp(x, half + 2, plot.clientWidth - half - 2)}px`;
}

function leave() {
  pointed = null;
  card.hidden = true;
  if (chart) chart.leave();
}

// The player: shows a moment, and the box of the event that was clicked.
function see(t, event = null) {
  chosen = event;
  video.pause();
  video.currentTime = clamp(t, 0, model.duration);
  follow();
}

function follow() {
  if (!model || !chart) return;
  const t = video.currentTime, i = sampleAt(model.pts, t);
  chart.play(t);
  find('.co-when').textContent = formatTime(t, 2);
  find('.co-play').textContent = video.paused ? '▶' : '❚❚';
  find('.co-values').replaceChildren(...['a', 'b'].map((side) => bar(side, score(side, i))),
    make('span', 'co-gap-value', 'B − A ', make('b', '', signed(model.difference[i]))));
  const shown = chosen && Math.abs(t - chosen.peak_s) < 0.05 && video.paused ? chosen : null;
  box.hidden = !shown || !shown.box;
  if (shown && shown.box) {
    const [x1, y1, x2, y2] = shown.box.map((share) => 100 * share);
    Object.assign(box.style, { left: `${x1}%`, top: `${y1}%`, width: `${x2 - x1}%`, height: `${y2 - y1}%` });
    box.className = `co-box co-${shown.side}`;
  }
  find('.co-says').textContent = shown ? `${shown.side.toUpperCase()}: ${shown.sentence}` : 'Click a curve or an event to see that moment.';
  for (const button of root.querySelectorAll('.co-row')) button.toggleAttribute('data-now', Boolean(shown) && button.event === shown);
}

function row(event) {
  const button = make('button', `co-row co-${event.side}`,
    make('span', 'co-chip', event.side.toUpperCase()),
    make('span', 'co-times', `${formatTime(event.start_s, 1)} – ${formatTime(event.end_s, 1)}`),
    make('span', 'co-peak', event.peak.toFixed(2)),
    make('span', 'co-sentence', event.sentence));
  button.type = 'button';
  button.event = event;
  button.title = 'Show its peak';
  button.addEventListener('click', () => see(event.peak_s, event));
  return button;
}

function table([where, title]) {
  const events = model.events.filter((event) => event.where === where).sort((one, other) => one.start_s - other.start_s);
  const section = make('section', `co-table co-${where}`,
    make('header', '', make('h3', '', title), make('span', 'co-count', String(events.length))),
    ...(events.length ? events.map(row) : [make('p', 'co-none', 'No event.')]));
  section.dataset.where = where;
  return section;
}

function verdict() {
  const { t_s, difference } = model.largest;
  if (Math.abs(difference) < 5e-5) return ['The two curves are the same.'];
  const jump = make('button', 'co-jump', formatTime(t_s, 2));
  jump.type = 'button';
  jump.title = 'Show this moment';
  jump.addEventListener('click', () => see(t_s));
  return [
    'Largest difference ', make('b', '', Math.abs(difference).toFixed(2)), ' at ', jump,
    `, ${difference > 0 ? 'B' : 'A'} higher; mean `, make('b', '', model.mean.toFixed(2)), '.',
  ];
}

function legend(side) {
  const { label, count } = model[side];
  return make('span', `co-key co-${side}`, make('i', ''), make('b', '', label), ` ${count} event${count === 1 ? '' : 's'}`);
}

function redraw() {
  if (!model || !plot.clientWidth) return;
  chart = drawChart(svg, model, plot.clientWidth);
  leave();
  follow();
}

function show(value) {
  model = read(value);
  chosen = null;
  find('.co-legend').replaceChildren(legend('a'), legend('b'));
  find('.co-verdict').replaceChildren(...verdict());
  find('.co-tables').replaceChildren(...TABLES.map(table));
  const remarks = ['a', 'b'].flatMap((side) => model[side].remarks.map((text) => make('li', '', `${side.toUpperCase()}: ${text}`)));
  find('.co-remarks').replaceChildren(...remarks);
  find('.co-stage').style.aspectRatio = `${model.video.width} / ${model.video.height}`;
  const fresh = video.getAttribute('src') !== model.video.url;
  if (fresh) video.src = model.video.url;
  redraw();
  if (fresh) see(model.largest.t_s); // a clip opens where there is most to see
}

function take() {
  const value = props.value || {};
  root.classList.toggle('co-waiting', value.kind === 'busy');
  if (value.kind === 'busy') return;
  find('.co-note').textContent = value.text || '';
  find('.co-note').classList.toggle('co-error', Boolean(value.error));
  find('.co-note').hidden = value.kind === 'shown';
  find('.co-body').hidden = value.kind !== 'shown';
  if (value.kind === 'shown') show(value);
  else { video.pause(); model = chart = null; }
  root.dataset.state = value.kind || 'note';
}

const toggle = () => { if (video.paused) { chosen = null; video.play().catch(follow); } else video.pause(); };
for (const control of [find('.co-play'), video]) control.addEventListener('click', toggle);
const moment = (event) => chart.t(event.clientX - plot.getBoundingClientRect().left);
plot.addEventListener('pointermove', (event) => chart && point(moment(event)));
plot.addEventListener('pointerleave', leave);
plot.addEventListener('blur', leave);
plot.addEventListener('click', (event) => { if (chart) { see(moment(event)); point(moment(event)); } });
plot.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step || !chart) return;
  event.preventDefault();
  const from = pointed === null ? sampleAt(model.pts, video.currentTime) : pointed;
  const t = model.pts[clamp(from + step, 0, model.pts.length - 1)];
  see(t);
  point(t);
});
for (const name of ['timeupdate', 'seeked', 'play', 'pause', 'loadeddata']) video.addEventListener(name, follow);
new ResizeObserver(redraw).observe(plot);
watch('value', take);
take();
