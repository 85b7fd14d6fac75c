// The curve now and without one sentence, small in a row and large with axes. SVG: the page's colours apply by class.

const SVG_NS = 'http://www.w3.org/2000/svg';
const SPARK = { width: 132, height: 24 };
const MARGIN = { left: 44, right: 14, top: 8, bottom: 36 };

function shape(tag, attributes, text = '') {
  const node = document.createElementNS(SVG_NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
}

const asPath = (points) => points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

function viewOf(data, width, height, margin) {
  const left = margin.left, right = Math.max(left + 10, width - margin.right), top = margin.top, bottom = height - margin.bottom;
  const last = data.pts.length ? data.pts[data.pts.length - 1] : 0, t1 = Math.max(data.duration_s, last, 0.001);
  return {
    left, right, top, bottom, t0: 0, t1,
    x: (t) => left + (t / t1) * (right - left),
    y: (value) => bottom - value * (bottom - top),
    time: (x) => clamp(((x - left) / (right - left)) * t1, 0, t1),
  };
}

function sparkline(data, index) {
  const view = viewOf(data, SPARK.width, SPARK.height, { left: 1, right: 1, top: 2, bottom: 2 });
  const picture = shape('svg', { class: 'sn-spark', viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, 'aria-hidden': 'true' });
  picture.append(shape('path', { class: 'sn-now', d: asPath(polyline(data.pts, data.smooth, view)) }));
  if (data.sentences[index].change !== null) {
    picture.append(shape('path', { class: 'sn-without', d: asPath(polyline(data.pts, data.without[index], view)) }));
  }
  return picture;
}

function drawAxesOf(picture, view) {
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const y = Math.round(view.y(value)) + 0.5;
    picture.append(shape('line', { class: 'sn-grid', x1: view.left, x2: view.right, y1: y, y2: y }));
    if (value % 0.5 === 0) picture.append(shape('text', { x: view.left - 7, y: y + 4, 'text-anchor': 'end' }, value.toFixed(1)));
  }
  const middle = (view.top + view.bottom) / 2;
  picture.append(shape('text', { x: 11, y: middle, 'text-anchor': 'middle', transform: `rotate(-90 11 ${middle})` }, 'score'));
  const step = tickStep(view.t1, view.right - view.left), long = view.t1 >= 60;
  for (let k = 0; k * step <= view.t1 + 1e-9; k++) {
    const x = view.x(k * step), label = long ? formatTime(k * step) : String(Math.round(k * step * 10) / 10);
    picture.append(shape('line', { class: 'sn-grid', x1: x, x2: x, y1: view.bottom, y2: view.bottom + 4 }));
    picture.append(shape('text', { x: clamp(x, view.left + 6, view.right - 8), y: view.bottom + 16, 'text-anchor': 'middle' }, label));
  }
  const unit = long ? 'time (min:s)' : 'time (s)';
  picture.append(shape('text', { x: (view.left + view.right) / 2, y: view.bottom + 31, 'text-anchor': 'middle' }, unit));
}

// marks: {threshold, playhead (s)}. Returns the view, for the pointer.
function drawPlot(picture, data, index, marks) {
  const width = picture.clientWidth, height = picture.clientHeight, view = viewOf(data, width, height, MARGIN);
  picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
  picture.replaceChildren();
  drawAxesOf(picture, view);
  const now = polyline(data.pts, data.smooth, view);
  if (data.sentences[index].change !== null) {
    const without = polyline(data.pts, data.without[index], view);
    picture.append(shape('path', { class: 'sn-between', d: `${asPath([...now, ...without.slice().reverse()])}Z` }));
    picture.append(shape('path', { class: 'sn-without', d: asPath(without) }));
  }
  picture.append(shape('path', { class: 'sn-now', d: asPath(now) }));
  const level = Math.round(view.y(marks.threshold)) + 0.5;
  picture.append(shape('line', { class: 'sn-threshold', x1: view.left, x2: view.right, y1: level, y2: level }));
  picture.append(shape('text', { class: 'sn-level', x: view.right, y: level > 24 ? level - 4 : level + 13, 'text-anchor': 'end' }, `threshold ${marks.threshold.toFixed(2)}`));
  picture.append(shape('line', { class: 'sn-playhead', y1: view.top, y2: view.bottom }), shape('line', { class: 'sn-hover', y1: view.top, y2: view.bottom, visibility: 'hidden' }));
  placeLine(picture, '.sn-playhead', view.x(marks.playhead));
  return view;
}

function placeLine(picture, selector, x) {
  const line = picture.querySelector(selector);
  line?.setAttribute('visibility', x === null ? 'hidden' : 'visible');
  line?.setAttribute('x1', x ?? 0);
  line?.setAttribute('x2', x ?? 0);
}
