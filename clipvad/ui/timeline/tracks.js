// Tracks: curve, lanes and heat strip on one time axis, with pointer, wheel and threshold handling.

// act: {seek(t), threshold(value, final), select(span | null)}; grabber gives the hover thumbnail.
function createTracks(root, act, grabber) {
  const find = (selector) => root.querySelector(selector);
  const plot = find('.cv-plot'), curve = find('.cv-curve'), heat = find('.cv-heat'), heatCanvas = find('.cv-heat-canvas');
  const labels = find('.cv-labels'), handle = find('.cv-threshold'), cursor = find('.cv-cursor');
  const hoverLine = find('.cv-hoverline'), card = find('.cv-card'), spanText = find('.cv-span');
  const tracks = { threshold: 0.5, selection: null, dragging: false };
  let model = null, view = null, range = null, colours = null, rows = [], now = 0, marks = {}, hoverTimer = 0, pictured = -1;

  function layout() {
    const style = getComputedStyle(root), width = plot.clientWidth;
    const left = parseFloat(style.getPropertyValue('--cv-gutter')), right = width - parseFloat(style.getPropertyValue('--cv-rail'));
    const bottom = TOP + parseFloat(style.getPropertyValue('--cv-curve-height'));
    const ruler = bottom + 10 + LANE * (model && model.truth.length ? 2 : 1);
    const [t0, t1] = range || [0, model ? model.duration : 1];
    return {
      width, left, right, bottom, ruler, height: ruler + RULER, t0, t1,
      x: (t) => left + ((t - t0) / (t1 - t0)) * (right - left),
      y: (value) => bottom - value * (bottom - TOP),
      time: (x) => clamp(t0 + ((x - left) / (right - left)) * (t1 - t0), t0, t1),
      value: (y) => clamp((bottom - y) / (bottom - TOP), 0.01, 1),
    };
  }

  tracks.draw = () => {
    if (!plot.clientWidth) return;
    view = layout();
    colours = colours || palette(root);
    const pen = sizeCanvas(curve, view.width, view.height);
    if (model) drawTimeline(pen, model, view, tracks.threshold, tracks.selection, colours);
    else drawAxes(pen, view, colours, false);
    drawHeat();
    handle.style.top = view.y(tracks.threshold) + 'px';
    handle.style.left = view.right + 'px';
    tracks.place(now);
  };

  function drawHeat() {
    heat.hidden = !model || !model.sentences.length;
    if (heat.hidden) return;
    // Narrow: every sentence stands above its band. Wide: beside it, and many sentences make thinner rows.
    const width = Math.max(1, Math.round(view.right - view.left)), narrow = view.left < 80;
    const row = narrow ? 27 : clamp(Math.floor(182 / rows.length), 14, 16), band = narrow ? 10 : row - 1;
    root.style.setProperty('--cv-row', row + 'px');
    const total = rows.length * row;
    const image = heatImage(model, rows, view, width, colours);
    const picture = document.createElement('canvas');
    picture.width = width; picture.height = image.height;
    picture.getContext('2d').putImageData(image, 0, 0);
    const pen = sizeCanvas(heatCanvas, width, total);
    pen.imageSmoothingEnabled = false;
    pen.fillStyle = colours.empty;
    pen.fillRect(0, 0, width, total);
    pen.drawImage(picture, 0, 0, width, total);
    rows.forEach((_, y) => pen.clearRect(0, y * row + (narrow ? 0 : band), width, row - band));
  }

  function writeLabels() {
    labels.replaceChildren(...rows.map((index) => {
      const sentence = model.sentences[index], label = document.createElement('div');
      label.className = sentence.abnormal ? 'cv-label abnormal' : 'cv-label';
      label.textContent = sentence.text;
      label.title = sentence.text;
      return label;
    }));
  }

  tracks.show = (next, fresh) => {
    model = next;
    if (fresh) { pictured = -1; range = null; marks = {}; setSelection(null, false); }
    rows = model ? heatRows(model) : [];
    writeLabels();
    tracks.draw();
  };
  tracks.restyle = () => { colours = null; tracks.draw(); };

  tracks.place = (t) => {
    now = t;
    if (!view) return;
    const x = view.x(t), inside = x >= view.left - 1 && x <= view.right + 1;
    cursor.hidden = !model || !inside;
    cursor.style.transform = `translateX(${x}px)`;
  };

  tracks.setThreshold = (value) => {
    tracks.threshold = clamp(value, 0.01, 1);
    handle.textContent = tracks.threshold.toFixed(2);
    handle.setAttribute('aria-valuenow', tracks.threshold.toFixed(2));
    tracks.draw();
  };

  function setSelection(span, tell = true) {
    const had = tracks.selection;
    tracks.selection = span;
    spanText.hidden = !span;
    if (span) spanText.textContent = `${formatTime(span.start_s, 1)} – ${formatTime(span.end_s, 1)}`;
    if (tell && (span || had)) act.select(span);
  }
  tracks.clear = () => { marks = {}; setSelection(null); tracks.draw(); };
  tracks.mark = (side, t) => {
    marks[side] = t;
    const { start, end } = marks;
    if (start !== undefined && end !== undefined && end > start) setSelection({ start_s: start, end_s: end });
    else if (start !== undefined && end !== undefined) delete marks[side === 'start' ? 'end' : 'start'];
    tracks.draw();
  };

  tracks.zoom = (factor, centre = now) => {
    if (!model) return;
    const [t0, t1] = range || [0, model.duration];
    const span = clamp((t1 - t0) * factor, Math.min(0.5, model.duration), model.duration);
    const start = clamp(centre - ((centre - t0) / (t1 - t0)) * span, 0, model.duration - span);
    range = span >= model.duration - 1e-6 ? null : [start, start + span];
    tracks.draw();
  };
  tracks.fit = () => { range = null; tracks.draw(); };
  // Keeps the playhead in sight while zoomed in.
  tracks.follow = (t) => {
    if (!range || (t >= range[0] && t <= range[1])) return;
    const span = range[1] - range[0], start = clamp(t - span * 0.1, 0, model.duration - span);
    range = [start, start + span];
    tracks.draw();
  };

  const at = (event) => {
    const area = plot.getBoundingClientRect();
    return { x: event.clientX - area.left, y: event.clientY - area.top };
  };
  const nearLine = ({ x, y }) => x >= view.left && x <= view.right && Math.abs(y - view.y(tracks.threshold)) <= 5;

  function dragThreshold(event) {
    tracks.dragging = true;
    const move = (e) => { tracks.setThreshold(Math.round(view.value(at(e).y) * 100) / 100); act.threshold(tracks.threshold, false); };
    const stop = () => { tracks.dragging = false; act.threshold(tracks.threshold, true); };
    capture(event, move, stop);
  }
  function capture(event, move, stop) {
    const target = event.currentTarget, control = new AbortController(), signal = { signal: control.signal };
    target.setPointerCapture(event.pointerId);
    target.addEventListener('pointermove', move, signal);
    for (const name of ['pointerup', 'pointercancel']) {
      target.addEventListener(name, (e) => { control.abort(); stop(e); }, signal);
    }
  }

  plot.addEventListener('pointerdown', (event) => {
    if (!model || event.button || event.target === handle) return;
    const begin = at(event), inCurve = begin.y <= view.height;
    if (inCurve && nearLine(begin)) { hideCard(); dragThreshold(event); return; }
    if (begin.x < view.left || begin.x > view.right) return;
    let moved = false;
    capture(event, (e) => {
      const place = at(e);
      if (!moved && Math.abs(place.x - begin.x) < 5) return;
      moved = true;
      const ends = [view.time(begin.x), view.time(place.x)].sort((a, b) => a - b);
      setSelection({ start_s: ends[0], end_s: ends[1] }, false);
      tracks.draw();
    }, (e) => {
      if (moved) act.select(tracks.selection);
      else if (e.type === 'pointerup') act.seek(view.time(begin.x));
    });
  });
  plot.addEventListener('dblclick', (event) => { if (event.target !== handle) tracks.fit(); });
  plot.addEventListener('wheel', (event) => {
    if (!model || !(event.ctrlKey || event.metaKey)) return; // plain wheel scrolls the page
    event.preventDefault();
    tracks.zoom(event.deltaY > 0 ? 1.25 : 0.8, view.time(at(event).x));
  }, { passive: false });

  handle.addEventListener('pointerdown', (event) => { event.preventDefault(); handle.focus(); dragThreshold(event); });
  handle.addEventListener('keydown', (event) => {
    const steps = { ArrowUp: 0.01, ArrowRight: 0.01, ArrowDown: -0.01, ArrowLeft: -0.01, PageUp: 0.1, PageDown: -0.1 };
    const goal = event.key === 'Home' ? 0.01 : event.key === 'End' ? 1 : tracks.threshold + steps[event.key];
    if (Number.isNaN(goal)) return;
    event.preventDefault();
    event.stopPropagation();
    tracks.setThreshold(Math.round(goal * 100) / 100);
    act.threshold(tracks.threshold, true);
  });

  function hideCard() { card.hidden = hoverLine.hidden = true; clearTimeout(hoverTimer); }
  function writeCard(i, t) {
    const score = scoreAt(curveOf(model), i), lines = sentencesAt(model, i).slice(0, 3);
    const head = document.createElement('b');
    head.textContent = `${formatTime(t, 2)}   score ${Number.isNaN(score) ? '–' : score.toFixed(2)}`;
    card.querySelector('.cv-card-text').replaceChildren(head, ...lines.map(({ index, p }) => {
      const line = document.createElement('div'), text = document.createElement('span'), value = document.createElement('i');
      line.className = model.sentences[index].abnormal ? 'abnormal' : '';
      text.textContent = model.sentences[index].text;
      value.textContent = percent(p);
      line.append(text, value);
      return line;
    }));
  }
  plot.addEventListener('pointermove', (event) => {
    if (!model || !view || event.pointerType === 'touch') return;
    const place = at(event);
    plot.classList.toggle('on-line', place.y <= view.height && nearLine(place));
    if (place.x < view.left || place.x > view.right || tracks.dragging || event.target === handle) { hideCard(); return; }
    const t = view.time(place.x), i = sampleAt(model.pts, t);
    if (i < 0) return;
    writeCard(i, t);
    card.hidden = hoverLine.hidden = false;
    hoverLine.style.transform = `translateX(${place.x}px)`;
    card.style.left = clamp(place.x - card.offsetWidth / 2, 0, view.width - card.offsetWidth) + 'px';
    clearTimeout(hoverTimer);
    const canvas = card.querySelector('canvas');
    if (i !== pictured) canvas.style.opacity = 0.25; // still the picture of another time
    hoverTimer = setTimeout(() => grabber.get(model.pts[i], (picture) => {
      canvas.hidden = !picture.width;
      canvas.style.opacity = 1;
      if (canvas.hidden) return;
      canvas.height = picture.height;
      canvas.getContext('2d').drawImage(picture, 0, 0);
      pictured = i;
    }, true), 90);
  });
  plot.addEventListener('pointerleave', hideCard);
  return tracks;
}
