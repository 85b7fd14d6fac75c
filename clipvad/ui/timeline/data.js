// Data: a payload from Python becomes a model; everything here is pure, nothing touches the page.

const U16 = 65535, NO_TRACK = 65535, NO_COSINE = -32768;

function unpack(text, Type) {
  const binary = atob(text || '');
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Type(bytes.buffer);
}

function readCurve(raw) {
  return {
    score: unpack(raw.score, Uint16Array),
    smooth: unpack(raw.smooth, Uint16Array),
    probabilities: raw.probabilities ? unpack(raw.probabilities, Uint8Array) : null,
    cosines: raw.cosines ? unpack(raw.cosines, Int16Array) : null,
    winner: raw.winner ? unpack(raw.winner, Int32Array) : null,
  };
}

function readObjects(raw) {
  const count = unpack(raw.count, Uint16Array);
  const start = new Uint32Array(count.length + 1);
  for (let i = 0; i < count.length; i++) start[i + 1] = start[i] + count[i];
  return {
    start,
    xyxy: unpack(raw.xyxy, Uint16Array),
    confidence: unpack(raw.confidence, Uint8Array),
    label: unpack(raw.label, Int16Array),
    track: unpack(raw.track, Uint16Array),
    names: raw.names,
  };
}

const mapValues = (object, fn) => Object.fromEntries(Object.entries(object).map(([k, v]) => [k, fn(v)]));

// The next model, or null when a patch is for other features than those shown.
function readPayload(message, previous) {
  if (message.kind === 'patch' && (!previous || previous.id !== message.id)) return null;
  const base = message.kind === 'patch' ? previous
    : { truth: [], zones: [], sentences: [], events: [], objects: null, objectScores: null, models: {}, settings: {}, id: '' };
  const model = { ...base, running: message.kind === 'partial' || Boolean(message.running) };
  for (const key of ['id', 'video', 'mode', 'sentences', 'zones', 'events', 'settings', 'truth', 'models']) {
    if (key in message) model[key] = message[key];
  }
  model.progress = message.progress || null;
  if ('pts' in message) model.pts = unpack(message.pts, Float32Array);
  if ('curves' in message) model.curves = mapValues(message.curves, readCurve);
  if ('objects' in message) model.objects = message.objects && readObjects(message.objects);
  if ('object_scores' in message) {
    model.objectScores = message.object_scores && {
      score: unpack(message.object_scores.score, Uint16Array), top: unpack(message.object_scores.top, Int16Array),
    };
  }
  const last = model.pts.length ? model.pts[model.pts.length - 1] : 0;
  model.duration = Math.max(model.video.duration_s || 0, last, 0.001);
  model.end = model.pts.length > 1 ? last + (last - model.pts[0]) / (model.pts.length - 1) : last;
  return model;
}

// Index of the sample shown at time t: the nearest at or before it (2 ms of slack for rounding), -1 if none.
function sampleAt(pts, t) {
  let low = 0, high = pts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pts[middle] <= t + 0.002) low = middle + 1; else high = middle;
  }
  return pts.length ? Math.max(0, low - 1) : -1;
}

const curveOf = (model) => model.curves[model.mode];
const scoreAt = (curve, i) => (curve && i >= 0 && i < curve.smooth.length ? curve.smooth[i] / U16 : NaN);

// All sentences at sample i, most likely first: [{index, p, cosine (null: nothing seen)}].
function sentencesAt(model, i) {
  const curve = curveOf(model), n = model.sentences.length;
  if (!curve || !curve.probabilities || i < 0 || (i + 1) * n > curve.probabilities.length) return [];
  return model.sentences
    .map((_, index) => {
      const cosine = curve.cosines[i * n + index];
      return { index, p: curve.probabilities[i * n + index] / 255, cosine: cosine === NO_COSINE ? null : cosine / 32767 };
    })
    .sort((a, b) => b.p - a.p || a.index - b.index);
}

// The boxes of sample i: [{row, box: [x1, y1, x2, y2] in parts of the picture, score, top, winner, ...}].
function boxesAt(model, i) {
  const { objects, objectScores } = model;
  if (!objects || i < 0 || i >= objects.start.length - 1) return [];
  const winner = model.curves.object && model.curves.object.winner ? model.curves.object.winner[i] : -1;
  const boxes = [];
  for (let row = objects.start[i]; row < objects.start[i + 1]; row++) {
    boxes.push({
      row,
      box: Array.from(objects.xyxy.subarray(row * 4, row * 4 + 4), (v) => v / U16),
      score: objectScores ? objectScores.score[row] / U16 : NaN,
      top: objectScores ? objectScores.top[row] : -1,
      name: objects.names[objects.label[row]] || 'object',
      confidence: objects.confidence[row] / 255,
      track: objects.track[row] === NO_TRACK ? -1 : objects.track[row],
      winner: row === winner,
    });
  }
  return boxes;
}

// The most likely abnormal sentence at sample i, or null.
function alarmAt(model, i) {
  return sentencesAt(model, i).find((one) => model.sentences[one.index].abnormal) || null;
}

const soon = (model) => (model.progress && model.progress.stage ? 'when the analysis is done' : 'once you press Analyze');
const eventsOf = (model) => model.events.filter((event) => event.mode === model.mode);
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function formatTime(t, digits = 0) {
  const unit = 10 ** digits;
  const ticks = Math.max(0, digits ? Math.floor(t * unit + 1e-4) : Math.round(t));
  const whole = Math.floor(ticks / unit), seconds = whole % 60, minutes = Math.floor(whole / 60);
  const tail = String(seconds).padStart(2, '0') + (digits ? '.' + String(ticks % unit).padStart(digits, '0') : '');
  if (minutes < 60) return minutes + ':' + tail;
  return Math.floor(minutes / 60) + ':' + String(minutes % 60).padStart(2, '0') + ':' + tail;
}

const percent = (p) => (p > 0 && p < 0.01 ? '<1%' : Math.round(p * 100) + '%');
