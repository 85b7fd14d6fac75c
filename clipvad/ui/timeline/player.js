// Player: the video, the boxes drawn over it in step with the shown frame, and frames grabbed for thumbnails.

// Colours over footage do not follow the theme: footage has none.
const ON_VIDEO = { alert: '#ff7a2f', plain: 'rgba(255,255,255,.72)', dark: 'rgba(6,10,11,.82)', text: '#fff', zone: '#6fd3ff' };
const SEEK_NUDGE = 0.001; // past the frame's own timestamp, or rounding shows the frame before it
const SVG = (path) => `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${path}"/></svg>`;
const ICONS = {
  play: SVG('M6 3.6v12.8L16.4 10z'),
  pause: SVG('M5.5 4h3v12h-3zM11.5 4h3v12h-3z'),
  back: SVG('M6 4h2v12H6zM15 4.4v11.2L8.6 10z'),
  forward: SVG('M12 4h2v12h-2zM5 4.4v11.2l6.4-5.6z'),
  previous: SVG('M12.5 4l1.4 1.400L9.3 10l4.6 4.6-1.4 1.4-6-6z'),
  next: SVG('M7.5 4L6.1 5.400l4.6 4.6-4.6 4.6 1.4 1.4 6-6z'),
  full: SVG('M3 3h6v2H5v4H3zM11 3h6v6h-2V5h-4zM3 11h2v4h4v2H3zM15 11h2v6h-6v-2h4z'),
};

// Where the picture lies inside a letterboxed stage, in stage pixels.
function pictureRect(video, fallback, width, height) {
  const aspect = (video.videoWidth || fallback.width || 16) / (video.videoHeight || fallback.height || 9);
  const w = Math.min(width, height * aspect), h = w / aspect;
  return { x: (width - w) / 2, y: (height - h) / 2, w, h };
}

function sizeCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const w = Math.max(1, Math.round(width * ratio)), h = Math.max(1, Math.round(height * ratio));
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  canvas.style.width = width + 'px';
  canvas.style.height = height + 'px';
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function shorten(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(text.slice(0, end) + '…').width > width) end--;
  return text.slice(0, end).trimEnd() + '…';
}

function drawLabel(pen, text, x, y, area, colour) {
  pen.font = '600 12px system-ui, sans-serif';
  const shown = shorten(pen, text, Math.max(60, Math.min(280, area.w) - 14));
  const w = pen.measureText(shown).width + 12, h = 19;
  const left = clamp(x, area.x, Math.max(area.x, area.x + area.w - w));
  const top = y - h >= area.y ? y - h : y;
  pen.fillStyle = ON_VIDEO.dark;
  pen.fillRect(left, top, w, h);
  pen.fillStyle = colour;
  pen.fillRect(left, top, 3, h);
  pen.fillStyle = ON_VIDEO.text;
  pen.textBaseline = 'middle';
  pen.fillText(shown, left + 8, top + h / 2 + 0.5);
}

function strokeBox(pen, one, abnormal) {
  const { x, y, w, h } = one;
  const outline = (width, colour) => { pen.lineWidth = width; pen.strokeStyle = colour; pen.strokeRect(x, y, w, h); };
  if (!abnormal) {
    outline(one.winner ? 3.5 : 2.5, 'rgba(0,0,0,.45)');
    outline(one.winner ? 2 : 1, ON_VIDEO.plain);
    return;
  }
  outline(one.winner ? 5 : 4, 'rgba(0,0,0,.55)');
  outline(one.winner ? 3 : 2, ON_VIDEO.alert);
  if (!one.winner) return;
  pen.fillStyle = ON_VIDEO.alert; // filled corners mark the box that set the frame's score
  const arm = Math.min(10, w / 3, h / 3);
  for (const [cx, cy, dx, dy] of [[x, y, 1, 1], [x + w, y, -1, 1], [x, y + h, 1, -1], [x + w, y + h, -1, -1]]) {
    pen.beginPath(); pen.moveTo(cx, cy); pen.lineTo(cx + dx * arm, cy); pen.lineTo(cx, cy + dy * arm); pen.fill();
  }
}

// What a box is said to be: an abnormal one by an abnormal sentence where we know which, else by its class.
function sentenceOf(model, i, one, abnormal) {
  const best = one.winner && abnormal ? alarmAt(model, i) : null;
  const sentence = model.sentences[best ? best.index : one.top];
  return sentence && (sentence.abnormal || !abnormal) ? sentence.text : one.name;
}

// Zones lie under the boxes: thin outlines, dashed where no sentence that is on is bound to them.
function drawZones(pen, zones, area) {
  for (const { name, points, used } of zones) {
    const corners = points.map(([x, y]) => [area.x + x * area.w, area.y + y * area.h]);
    pen.beginPath();
    corners.forEach(([x, y], i) => pen[i ? 'lineTo' : 'moveTo'](x, y));
    pen.closePath();
    for (const [width, colour] of [[3, 'rgba(0,0,0,.45)'], [1.25, ON_VIDEO.zone]]) {
      pen.setLineDash(used ? [] : [5, 4]);
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.stroke();
    }
    pen.setLineDash([]);
    const [left, top] = corners.reduce((best, one) => (one[1] < best[1] ? one : best));
    drawLabel(pen, name, left, top, area, ON_VIDEO.zone);
  }
}

// Draws sample i over the picture; returns what was drawn, in stage pixels.
function drawOverlay(pen, model, i, area, threshold) {
  drawZones(pen, model.zones, area);
  if (model.mode === 'frame') return drawEdge(pen, model, i, area, threshold);
  const boxes = boxesAt(model, i).map((one) => {
    const [x1, y1, x2, y2] = one.box;
    const place = { x: area.x + x1 * area.w, y: area.y + y1 * area.h, w: (x2 - x1) * area.w, h: (y2 - y1) * area.h };
    const abnormal = one.score >= threshold;
    return { ...one, ...place, abnormal, sentence: sentenceOf(model, i, one, abnormal) };
  });
  boxes.sort((a, b) => a.abnormal - b.abnormal || a.winner - b.winner);
  for (const one of boxes) strokeBox(pen, one, one.abnormal);
  for (const one of boxes.filter((box) => box.abnormal).slice(-4)) {
    drawLabel(pen, `▲ ${one.score.toFixed(2)} ${one.sentence}`, one.x - 1, one.y - 2, area, ON_VIDEO.alert);
  }
  return boxes;
}

function drawEdge(pen, model, i, area, threshold) {
  const score = scoreAt(curveOf(model), i);
  if (!(score >= threshold)) return [];
  const alarm = alarmAt(model, i);
  pen.strokeStyle = ON_VIDEO.alert;
  pen.lineWidth = 5;
  pen.strokeRect(area.x + 2.5, area.y + 2.5, area.w - 5, area.h - 5);
  pen.strokeStyle = 'rgba(0,0,0,.6)';
  pen.lineWidth = 2;
  pen.setLineDash([7, 7]);
  pen.strokeRect(area.x + 2.5, area.y + 2.5, area.w - 5, area.h - 5);
  pen.setLineDash([]);
  const text = `▲ ${score.toFixed(2)} ${alarm ? model.sentences[alarm.index].text : ''}`;
  drawLabel(pen, text, area.x + 10, area.y + 30, area, ON_VIDEO.alert);
  return [];
}

// onTime(t): where the playhead is, at once after a seek. onPicture(): another frame is on the screen, its time in
// player.picture (null before the first): boxes follow this one, or they would lie over an older picture during a
// seek. onState(): playing, speed or failure changed.
function createPlayer(root, { onTime, onPicture, onState }) {
  const video = root.querySelector('.cv-video');
  const player = { video, time: 0, picture: null, url: '' };
  let wanted = null; // a seek asked for before the clip's header was there

  const present = (t) => {
    player.picture = t;
    onPicture();
    if (!video.seeking) { player.time = t; onTime(); }
  };
  const watchFrames = 'requestVideoFrameCallback' in HTMLVideoElement.prototype;
  if (watchFrames) {
    const step = (_, frame) => { present(frame.mediaTime); if (root.isConnected) video.requestVideoFrameCallback(step); };
    video.requestVideoFrameCallback(step);
  } else {
    const tick = () => { present(video.currentTime); if (!video.paused && root.isConnected) requestAnimationFrame(tick); };
    for (const name of ['play', 'loadeddata']) video.addEventListener(name, tick);
  }
  video.addEventListener('seeked', () => { if (watchFrames) onTime(); else present(video.currentTime); });
  for (const name of ['play', 'pause', 'ratechange', 'ended', 'error', 'loadeddata']) video.addEventListener(name, onState);
  video.addEventListener('loadedmetadata', () => {
    if (wanted !== null) video.currentTime = wanted;
    wanted = null;
  });

  player.load = (url) => {
    if (url === player.url) return;
    player.url = url;
    player.time = 0;
    player.picture = null;
    wanted = null;
    if (url) video.src = url; else video.removeAttribute('src');
    video.load();
  };
  player.seek = (t) => {
    const target = t + SEEK_NUDGE;
    if (video.readyState >= 1) video.currentTime = target; else wanted = target;
    player.time = t;
    onTime();
  };
  player.toggle = () => { if (video.paused) video.play().catch(onState); else video.pause(); };
  return player;
}

// One hidden second video serves all thumbnails, one seek at a time; urgent requests (hover) go first.
function createGrabber() {
  let video = null, url = '', current = null, queue = [];
  const cache = new Map();

  function next() {
    if (current || !queue.length || !video) return;
    current = queue.shift();
    const target = current.t + SEEK_NUDGE;
    if (Math.abs(video.currentTime - target) < 1e-6 && video.readyState >= 2) finish(); else video.currentTime = target;
  }
  function finish() {
    if (!current) return;
    const width = 160, height = Math.max(1, Math.round((width * video.videoHeight) / (video.videoWidth || 1)));
    const picture = document.createElement('canvas');
    picture.width = width; picture.height = height;
    try { picture.getContext('2d').drawImage(video, 0, 0, width, height); } catch { picture.width = 0; }
    cache.set(current.key, picture);
    if (cache.size > 300) cache.delete(cache.keys().next().value);
    for (const done of current.done) done(picture);
    current = null;
    next();
  }
  function open() {
    video = document.createElement('video');
    video.muted = true; video.preload = 'auto'; video.playsInline = true;
    video.addEventListener('loadeddata', next);
    video.addEventListener('seeked', finish);
    video.addEventListener('error', () => { queue = []; current = null; });
    video.src = url;
  }
  return {
    use(address) {
      if (address === url) return;
      url = address; cache.clear(); queue = []; current = null;
      if (video) { video.removeAttribute('src'); video.load(); video = null; }
    },
    get(t, done, urgent = false) {
      const key = t.toFixed(3);
      if (cache.has(key)) { done(cache.get(key)); return; }
      if (!url) return;
      if (urgent) queue = queue.filter((one) => !one.urgent);
      const waiting = [current, ...queue].find((one) => one && one.key === key);
      if (waiting) waiting.done.push(done);
      else queue[urgent ? 'unshift' : 'push']({ t, key, done: [done], urgent });
      if (!video) open(); else if (video.readyState >= 2) next();
    },
  };
}
