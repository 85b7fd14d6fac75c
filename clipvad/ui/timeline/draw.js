// Drawing of the curve, its lanes and the heat strip. Pure of state: every function gets all it draws.

const LANE = 13, RULER = 19, TOP = 8;

function palette(root) {
  const style = getComputedStyle(root);
  const names = ['ink', 'muted', 'faint', 'grid', 'panel', 'alert', 'alert-soft', 'normal', 'accent', 'truth', 'empty'];
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue('--cv-' + name).trim()]));
}

// Diagonal lines: abnormal things carry them, so that nothing hangs on colour alone.
function hatch(pen, colour, gap = 6, lean = 1) {
  const ratio = window.devicePixelRatio || 1, tile = document.createElement('canvas');
  tile.width = tile.height = Math.round(gap * ratio);
  const ink = tile.getContext('2d'), side = tile.width;
  ink.strokeStyle = colour;
  ink.lineWidth = 1.1 * ratio;
  ink.beginPath();
  for (const shift of [-side, 0, side]) {
    ink.moveTo(shift, lean > 0 ? side : 0);
    ink.lineTo(shift + side, lean > 0 ? 0 : side);
  }
  ink.stroke();
  const pattern = pen.createPattern(tile, 'repeat');
  pattern.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern;
}

function tickStep(span, width) {
  const rough = (span / Math.max(1, width)) * 72; // about 72 pixels a label
  return [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((step) => step >= rough) || 7200;
}

// The polyline of a curve in the view, at most two points (minimum, maximum) a pixel column.
function polyline(pts, values, view) {
  const points = [];
  const first = Math.max(0, sampleAt(pts, view.t0) - 1);
  const last = Math.min(values.length - 1, sampleAt(pts, view.t1) + 1);
  let column = null, low = 0, high = 0;
  const flush = () => {
    if (column === null) return;
    for (const i of low === high ? [low] : low < high ? [low, high] : [high, low]) {
      points.push([view.x(pts[i]), view.y(values[i] / U16)]);
    }
  };
  for (let i = first; i <= last; i++) {
    const x = Math.round(view.x(pts[i]));
    if (x !== column) { flush(); column = x; low = high = i; continue; }
    if (values[i] < values[low]) low = i;
    if (values[i] > values[high]) high = i;
  }
  flush();
  return points;
}

function trace(pen, points) {
  pen.beginPath();
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
}

function drawAxes(pen, view, colours, ticks) {
  pen.font = '11px system-ui, sans-serif';
  pen.textBaseline = 'middle';
  pen.lineWidth = 1;
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const y = Math.round(view.y(value)) + 0.5;
    pen.strokeStyle = colours.grid;
    pen.beginPath(); pen.moveTo(view.left, y); pen.lineTo(view.right, y); pen.stroke();
    if (value % 0.5) continue;
    pen.fillStyle = colours.muted;
    pen.textAlign = 'right';
    pen.fillText(value.toFixed(1), view.left - 7, y);
  }
  if (!ticks) return;
  const step = tickStep(view.t1 - view.t0, view.right - view.left);
  pen.textAlign = 'center';
  for (let k = Math.ceil(view.t0 / step - 1e-9); k * step <= view.t1 + 1e-9; k++) {
    const x = Math.round(view.x(k * step)) + 0.5;
    pen.strokeStyle = colours.grid;
    pen.beginPath(); pen.moveTo(x, TOP); pen.lineTo(x, view.ruler + 4); pen.stroke();
    pen.fillStyle = colours.muted;
    pen.fillText(formatTime(k * step, step < 1 ? 1 : 0), clamp(x, view.left + 10, view.right - 10), view.ruler + 11);
  }
}

function drawSpans(pen, view, spans, top, height, fill, edge) {
  for (const span of spans) {
    const x0 = clamp(view.x(span.start_s), view.left, view.right);
    const x1 = clamp(view.x(span.end_s), view.left, view.right);
    if (x1 <= view.left || x0 >= view.right) continue;
    const width = Math.max(2, x1 - x0);
    for (const paint of fill) { pen.fillStyle = paint; pen.fillRect(x0, top, width, height); }
    if (edge) { pen.strokeStyle = edge; pen.lineWidth = 1; pen.strokeRect(x0 + 0.5, top + 0.5, Math.max(1, width - 1), height - 1); }
  }
}

function laneLabel(pen, view, text, top, colour) {
  pen.font = '11px system-ui, sans-serif';
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  pen.fillStyle = colour;
  pen.fillText(text, view.left - 7, top + LANE / 2);
}

function drawCurves(pen, model, view, threshold, colours) {
  const active = curveOf(model);
  pen.save();
  pen.beginPath(); pen.rect(view.left, 0, view.right - view.left, view.bottom + 2); pen.clip();
  pen.lineJoin = 'round';
  for (const [mode, curve] of Object.entries(model.curves)) {
    if (mode === model.mode) continue;
    trace(pen, polyline(model.pts, curve.smooth, view));
    pen.strokeStyle = colours.faint; pen.lineWidth = 1.2; pen.setLineDash([4, 3]); pen.stroke(); pen.setLineDash([]);
  }
  if (active && active.smooth.length) {
    trace(pen, polyline(model.pts, active.score, view));
    pen.strokeStyle = colours.faint; pen.globalAlpha = 0.45; pen.lineWidth = 1; pen.stroke(); pen.globalAlpha = 1;
    const points = polyline(model.pts, active.smooth, view);
    const line = (colour) => { trace(pen, points); pen.strokeStyle = colour; pen.lineWidth = 1.8; pen.stroke(); };
    line(colours.ink);
    const level = view.y(threshold);
    pen.save();
    pen.beginPath(); pen.rect(view.left, 0, view.right - view.left, level); pen.clip();
    trace(pen, points);
    pen.lineTo(points[points.length - 1][0], view.bottom);
    pen.lineTo(points[0][0], view.bottom);
    pen.closePath();
    pen.fillStyle = colours['alert-soft']; pen.fill();
    pen.fillStyle = hatch(pen, colours.alert); pen.globalAlpha = 0.45; pen.fill(); pen.globalAlpha = 1;
    line(colours.alert);
    pen.restore();
  }
  pen.restore();
}

function drawThreshold(pen, view, threshold, release, colours) {
  const dashed = (value, dash, alpha) => {
    const y = Math.round(view.y(value)) + 0.5;
    pen.setLineDash(dash); pen.globalAlpha = alpha; pen.strokeStyle = colours.alert; pen.lineWidth = 1.2;
    pen.beginPath(); pen.moveTo(view.left, y); pen.lineTo(view.right, y); pen.stroke();
    pen.setLineDash([]); pen.globalAlpha = 1;
  };
  if (release > 0 && release < 1) dashed(threshold * release, [1, 4], 0.55);
  dashed(threshold, [6, 4], 1);
}

// Everything in the upper canvas; lanes below the curve hold the events and, if there are any, annotations.
function drawTimeline(pen, model, view, threshold, selection, colours) {
  drawAxes(pen, view, colours, true);
  const events = eventsOf(model), height = view.bottom - TOP;
  if (model.running) {
    const x = clamp(view.x(model.pts.length ? model.pts[model.pts.length - 1] : 0), view.left, view.right);
    pen.fillStyle = hatch(pen, colours.grid, 8, -1);
    pen.fillRect(x, TOP, view.right - x, height);
  }
  drawSpans(pen, view, events, TOP, height, [colours['alert-soft']]);
  if (selection) drawSpans(pen, view, [selection], TOP, height, [colours.accent + '26'], colours.accent);
  drawCurves(pen, model, view, threshold, colours);
  drawThreshold(pen, view, threshold, model.settings.release, colours);
  drawSpans(pen, view, events, view.bottom + 8, LANE - 3, [colours['alert-soft'], hatch(pen, colours.alert, 5)], colours.alert);
  laneLabel(pen, view, 'events', view.bottom + 7, colours.muted);
  if (model.truth.length) {
    drawSpans(pen, view, model.truth, view.bottom + 8 + LANE, LANE - 3, [colours.truth + '40'], colours.truth);
    laneLabel(pen, view, view.left < 80 ? 'annot.' : 'annotated', view.bottom + 7 + LANE, colours.muted);
  }
}

// Rows of the heat strip, top to bottom: abnormal sentences, then normal ones.
function heatRows(model) {
  const order = model.sentences.map((_, index) => index);
  return order.sort((a, b) => model.sentences[b].abnormal - model.sentences[a].abnormal || a - b);
}

function rgb(colour) {
  const pen = rgb.pen || (rgb.pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true }));
  pen.clearRect(0, 0, 1, 1);
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  return pen.getImageData(0, 0, 1, 1).data;
}

// Sentences x time, `width` columns; the strongest sample of a column wins, so that a short flash stays visible.
function heatImage(model, rows, view, width, colours) {
  const curve = curveOf(model), n = model.sentences.length;
  const image = new ImageData(width, Math.max(1, rows.length));
  if (!curve || !curve.probabilities || !n) return image;
  const samples = curve.smooth.length, span = view.t1 - view.t0;
  const paints = { true: rgb(colours.alert), false: rgb(colours.normal) };
  for (let x = 0; x < width; x++) {
    const t0 = view.t0 + (span * x) / width, t1 = view.t0 + (span * (x + 1)) / width;
    const first = sampleAt(model.pts, t0);
    if (t0 < model.pts[0] - 1e-3 || t0 > model.end) continue;
    const last = Math.min(samples - 1, Math.max(first, sampleAt(model.pts, t1 - 0.0021)));
    rows.forEach((sentence, y) => {
      let top = 0;
      for (let i = first; i <= last; i++) top = Math.max(top, curve.probabilities[i * n + sentence]);
      const paint = paints[model.sentences[sentence].abnormal], at = (y * width + x) * 4;
      image.data[at] = paint[0]; image.data[at + 1] = paint[1]; image.data[at + 2] = paint[2];
      image.data[at + 3] = Math.round(255 * Math.sqrt(top / 255)); // root: a share of 10 % is still seen
    });
  }
  return image;
}
