// The drawing: two curves, lanes with the events of each, the difference beneath, all on one time axis. SVG takes
// its colours from the style sheet, so a change between light and dark needs no redrawing.

const GUTTER = 44, RIGHT = 12, CURVE = [20, 180], LANES = [188, 203], BAR = 11, GAP = [232, 312], TICKS = 328, HEIGHT = 334;

function shape(tag, attributes, text) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function plan(model, width) {
  const right = width - RIGHT, scale = (right - GUTTER) / model.duration;
  const band = ([top, bottom], low, high) => (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  return {
    left: GUTTER, right, t0: 0, t1: model.duration,
    x: (t) => GUTTER + t * scale,
    t: (x) => clamp((x - GUTTER) / scale, 0, model.duration),
    y: band(CURVE, 0, 1),
    gap: band(GAP, -1, 1),
  };
}

const points = (list) => list.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');

function axes(svg, view) {
  const level = (y, text, strong) => svg.append(
    shape('line', { class: strong ? 'co-zero' : 'co-grid', x1: view.left, x2: view.right, y1: y, y2: y }),
    shape('text', { class: 'co-tick', x: view.left - 7, y: y + 4, 'text-anchor': 'end' }, text));
  for (const value of [0, 0.5, 1]) level(view.y(value), value.toFixed(1));
  for (const value of [-1, 0, 1]) level(view.gap(value), value > 0 ? '+1' : String(value).replace('-', '−'), value === 0);
  const step = tickStep(view.t1, view.right - view.left);
  for (let k = 0; k * step <= view.t1 + 1e-9; k++) {
    const x = view.x(k * step);
    svg.append(
      shape('line', { class: 'co-grid', x1: x, x2: x, y1: CURVE[0], y2: GAP[1] }),
      shape('text', { class: 'co-tick', x: clamp(x, view.left + 10, view.right - 12), y: TICKS, 'text-anchor': 'middle' },
        formatTime(k * step, step < 1 ? 1 : 0)));
  }
  svg.append(shape('text', { class: 'co-name', x: view.left + 4, y: CURVE[0] - 7 }, 'Anomaly score, uncalibrated'));
  svg.append(shape('text', { class: 'co-name', x: view.left + 4, y: GAP[0] - 6 }, 'B − A: above the line B scores higher, below it A'));
}

function spans(svg, model, view) {
  for (const event of model.events) {
    const x = view.x(event.start_s), width = Math.max(2, view.x(event.end_s) - x), alone = event.where !== 'both';
    svg.append(
      shape('rect', { class: `co-span co-${event.side}`, x, width, y: CURVE[0], height: CURVE[1] - CURVE[0] }),
      shape('rect', { class: `co-event co-${event.side}${alone ? ' co-alone' : ''}`, x, width, y: LANES[event.side === 'a' ? 0 : 1], height: BAR, rx: 2 }));
  }
  ['a', 'b'].forEach((side, lane) => svg.append(
    shape('text', { class: `co-lane co-${side}`, x: view.left - 7, y: LANES[lane] + 9, 'text-anchor': 'end' }, side.toUpperCase())));
}

function curves(svg, model, view) {
  const y = view.y(model.threshold);
  svg.append(shape('line', { class: 'co-threshold', x1: view.left, x2: view.right, y1: y, y2: y }));
  for (const side of ['a', 'b']) {
    svg.append(shape('polyline', { class: `co-curve co-${side}`, points: points(polyline(model.pts, model[side].score, view)) }));
  }
  const label = { class: 'co-name', x: view.right - 2, y: y > CURVE[0] + 16 ? y - 5 : y + 13, 'text-anchor': 'end' };
  svg.append(shape('text', label, `threshold ${model.threshold.toFixed(2)}`));
}

// The difference as two areas, each in the colour of the side that scores higher.
function gaps(svg, model, view) {
  const zero = view.gap(0);
  for (const [side, sign] of [['a', -1], ['b', 1]]) {
    const part = model.difference.map((value) => Math.max(0, sign * value) * U16);
    const line = polyline(model.pts, part, { ...view, y: (value) => view.gap(sign * value) });
    if (!line.length) continue;
    const area = [[line[0][0], zero], ...line, [line[line.length - 1][0], zero]];
    svg.append(shape('polygon', { class: `co-gap co-${side}`, points: points(area) }));
  }
}

// Draws the model `width` pixels wide and returns where things are: `x(t)`, `t(x)`, and `mark(t, i)` for the pointer.
function drawChart(svg, model, width) {
  const view = plan(model, width);
  svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute('height', HEIGHT);
  svg.replaceChildren();
  axes(svg, view);
  spans(svg, model, view);
  gaps(svg, model, view);
  curves(svg, model, view);
  const rod = (name) => shape('line', { class: name, y1: CURVE[0], y2: GAP[1] });
  const head = rod('co-head'), pointer = rod('co-pointer');
  const dots = ['a', 'b'].map((side) => shape('circle', { class: `co-dot co-${side}`, r: 3.5 }));
  svg.append(head, pointer, ...dots);
  const place = (line, t) => { const x = view.x(clamp(t, 0, model.duration)); line.setAttribute('x1', x); line.setAttribute('x2', x); return x; };
  const showPointer = (on) => [pointer, ...dots].forEach((node) => node.setAttribute('visibility', on ? 'visible' : 'hidden'));
  showPointer(false);
  place(head, 0);
  return {
    ...view,
    play: (t) => place(head, t),
    leave: () => showPointer(false),
    point(t, i) {
      const x = place(pointer, t);
      dots.forEach((dot, side) => {
        dot.setAttribute('cx', x);
        dot.setAttribute('cy', view.y(model[side ? 'b' : 'a'].score[i] / U16));
      });
      showPointer(true);
      return x;
    },
  };
}
