// Wiring: updates from Python in, user actions out. `element`, `trigger`, `props`, `watch` come from Gradio.

(function start(host) {
  const EVENTS = ['seek', 'threshold', 'select', 'mode'];
  const tell = Object.fromEntries(EVENTS.map((name) => [name, (data) => trigger(name, data)]));
  const root = host.querySelector('.cv'), find = (selector) => root.querySelector(selector);
  const stage = find('.cv-stage'), overlay = find('.cv-overlay'), empty = find('.cv-empty'), note = find('.cv-note');
  // Gradio's "always_last" sends the data of an earlier event again: one object, so that it is the newest value.
  const told = { value: 0 };
  let model = null, sample = -1, telling = 0, chosen = null, hovered = false;

  const grabber = createGrabber();
  const player = createPlayer(root, { onTime, onPicture: drawBoxes, onState });
  const why = createWhy(root, player.video);
  const events = createEvents(root, grabber, (event) => { seek(event.start_s); player.video.play().catch(onState); });
  const tracks = createTracks(root, { seek, threshold: moveThreshold, select: (span) => tell.select(span || {}) }, grabber);

  function seek(t) {
    if (!model) return;
    const goal = clamp(t, 0, model.duration);
    player.seek(goal);
    tell.seek({ t_s: goal });
  }

  // Colours follow every move; Python hears of the value once the hand rests, and answers with new events.
  function moveThreshold(value, final) {
    chosen = { value, until: performance.now() + 3000 };
    refresh();
    clearTimeout(telling);
    told.value = value;
    if (final) telling = setTimeout(() => tell.threshold(told), 150);
  }
  // An answer to an earlier value must not pull the handle back.
  function takeThreshold(value) {
    if (value === undefined || tracks.dragging) return;
    if (chosen && performance.now() < chosen.until && Math.abs(value - chosen.value) > 0.005) return;
    chosen = null;
    tracks.setThreshold(value);
  }

  function setMode(mode) {
    if (!model || !(mode in model.curves) || mode === model.mode) return;
    model = { ...model, mode };
    tracks.show(model, false);
    refresh();
    tell.mode({ mode });
  }

  function drawBoxes() {
    const area = stage.getBoundingClientRect();
    if (!area.width) return;
    const pen = sizeCanvas(overlay, stage.clientWidth, stage.clientHeight);
    if (!model) return;
    const place = pictureRect(player.video, model.video, stage.clientWidth, stage.clientHeight);
    const t = player.picture === null ? player.time : player.picture, i = sampleAt(model.pts, t);
    const drawn = drawOverlay(pen, model, i, place, tracks.threshold);
    root.dataset.sample = i;
    root.dataset.time = t.toFixed(3);
    root.dataset.boxes = JSON.stringify(drawn.map((one) => ({
      x: one.x, y: one.y, w: one.w, h: one.h, box: one.box, score: one.score, abnormal: one.abnormal, winner: one.winner,
      sentence: one.sentence, name: one.name, track: one.track,
    })));
  }

  function onTime() {
    const t = player.time;
    if (!model) return;
    find('.cv-time').textContent = formatTime(t, 2);
    const next = sampleAt(model.pts, t), changed = next !== sample;
    sample = next;
    if (!player.video.paused) tracks.follow(t);
    tracks.place(t);
    if (player.picture === null) drawBoxes();
    if (changed || player.video.paused) why(model, sample, tracks.threshold);
    events.mark(model, t);
  }
  const refresh = () => { sample = -2; root.dataset.threshold = tracks.threshold.toFixed(2); drawBoxes(); events.show(model); onTime(); };

  function onState() {
    const { video } = player, button = find('[data-do="play"]');
    button.innerHTML = video.paused ? ICONS.play : ICONS.pause;
    button.setAttribute('aria-label', video.paused ? 'Play' : 'Pause');
    for (const one of root.querySelectorAll('[data-speed]')) {
      one.setAttribute('aria-pressed', String(Number(one.dataset.speed) === video.playbackRate));
    }
    const problem = player.url && video.error ? 'This browser cannot play the clip. Curve, sentences and events still work.' : '';
    const warning = model && model.video.warnings ? model.video.warnings.join(' ') : '';
    note.textContent = problem || warning;
    note.hidden = !note.textContent;
    if (model) drawBoxes();
  }

  function writeLabels() {
    find('.cv-total').textContent = '/ ' + formatTime(model.duration);
    const names = Object.values(model.models).filter(Boolean);
    find('.cv-models').textContent = names.map((one) => one.label).join(' · ');
    find('.cv-models').title = names.map((one) => `${one.label}: ${one.limits || one.id}`).join('\n');
    for (const button of root.querySelectorAll('[data-mode]')) {
      const have = button.dataset.mode in model.curves;
      button.disabled = !have;
      button.title = have ? '' : 'Not computed in this analysis';
      button.setAttribute('aria-pressed', String(have && button.dataset.mode === model.mode));
    }
    root.dataset.mode = model.mode;
  }

  function clear() {
    model = null;
    sample = -1;
    for (const name of ['.cv-time', '.cv-total', '.cv-models']) find(name).textContent = '';
    player.load('');
    grabber.use('');
    empty.hidden = false;
    onState();
    drawBoxes();
    tracks.show(null, true);
    events.show(null);
    why(null, -1, 1);
    done('empty');
  }

  function take(message) {
    if (!message || !message.kind) { clear(); return; }
    const next = readPayload(message, model);
    if (!next) { console.warn('clipvad: a patch for another analysis was ignored'); return; }
    const fresh = !model || model.video.url !== next.video.url;
    // Where there is most to see, unless the reader is looking at a place of their own already.
    const moves = message.start_s && (fresh || (model.running && !next.running && player.time === 0 && player.video.paused));
    model = next;
    empty.hidden = true;
    stage.style.setProperty('--cv-aspect', `${model.video.width || 16} / ${model.video.height || 9}`);
    if (fresh) { player.load(model.video.url); grabber.use(model.video.url); }
    if (moves) player.seek(message.start_s);
    takeThreshold(model.settings.threshold);
    tracks.show(model, fresh);
    writeLabels();
    refresh();
    onState();
    done(model.running ? 'running' : 'shown');
  }
  function done(state) {
    root.dataset.state = state;
    root.dataset.ready = String(Number(root.dataset.ready) + 1);
  }

  function step(direction) {
    if (!model || !model.pts.length) return;
    player.video.pause();
    const i = clamp(sampleAt(model.pts, player.time) + direction, 0, model.pts.length - 1);
    seek(model.pts[i]);
  }
  function jump(direction) {
    if (!model) return;
    const list = eventsOf(model), t = player.time;
    const goal = direction > 0 ? list.find((one) => one.start_s > t + 0.01)
      : list.filter((one) => one.start_s < t - 0.25).pop();
    if (!goal) { find('.cv-live').textContent = `No ${direction > 0 ? 'later' : 'earlier'} event`; return; }
    seek(goal.start_s);
    find('.cv-live').textContent = `Event ${list.indexOf(goal) + 1} of ${list.length}, ${goal.sentence}`;
  }
  function fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen(); else stage.requestFullscreen().catch(() => {});
  }

  const actions = {
    play: () => model && player.toggle(), back: () => step(-1), forward: () => step(1), previous: () => jump(-1), next: () => jump(1),
    full: fullScreen, in: () => tracks.zoom(0.5), out: () => tracks.zoom(2), fit: tracks.fit,
    start: () => tracks.mark('start', player.time), end: () => tracks.mark('end', player.time), clear: tracks.clear,
  };
  const KEYS = {
    ' ': 'play', ArrowLeft: 'back', ArrowRight: 'forward', '[': 'start', ']': 'end', n: 'next', p: 'previous', f: 'full', Escape: 'clear',
  };
  root.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button || !root.contains(button)) return;
    if (button.dataset.do) actions[button.dataset.do]();
    else if (button.dataset.speed) player.video.playbackRate = Number(button.dataset.speed);
    else if (button.dataset.mode) { setMode(button.dataset.mode); writeLabels(); }
  });
  find('.cv-video').addEventListener('click', actions.play);
  root.addEventListener('pointerenter', () => { hovered = true; });
  root.addEventListener('pointerleave', () => { hovered = false; });

  // Keys work while the pointer or the focus is on the component, never while the user types elsewhere.
  function onKey(event) {
    if (!root.isConnected) { document.removeEventListener('keydown', onKey); return; }
    const target = event.target, name = KEYS[event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey || !(hovered || root.contains(target))) return;
    if (target.closest && target.closest('input, textarea, select, [contenteditable=""], [contenteditable="true"]')) return;
    if (event.key === ' ' && target.closest && target.closest('button, a, [role="slider"], [role="tab"]')) return;
    if (!root.contains(target) && target !== document.body) return;
    event.preventDefault();
    actions[name]();
  }
  document.addEventListener('keydown', onKey);

  for (const name of ['back', 'forward', 'previous', 'next', 'full']) find(`[data-do="${name}"]`).innerHTML = ICONS[name];
  new ResizeObserver(() => { drawBoxes(); tracks.draw(); }).observe(root);
  new ResizeObserver(drawBoxes).observe(stage);
  new MutationObserver(tracks.restyle).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  watch('value', () => take(props.value));
  onState();
  take(props.value);
})(element);
