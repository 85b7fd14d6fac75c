// Drawing zones: a dialog with the frame at the playhead, polygons over it, and one button a corner.

const NEAR_PX = { mouse: 12, pen: 16, touch: 26 };
const DOUBLE_MS = 500;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const inPicture = (value) => Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4;

// Index at which a new corner goes so that the outline bends where it was clicked.
function nearestEdge(points, [x, y]) {
  const distance = ([ax, ay], [bx, by]) => {
    const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy || 1;
    const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length));
    return Math.hypot(ax + along * dx - x, ay + along * dy - y);
  };
  const all = points.map((point, i) => distance(point, points[(i + 1) % points.length]));
  return all.indexOf(Math.min(...all)) + 1;
}

function longestEdge(points) {
  const length = points.map(([x, y], i) => Math.hypot(points[(i + 1) % points.length][0] - x, points[(i + 1) % points.length][1] - y));
  return length.indexOf(Math.max(...length));
}

// `done(zones, bound)` gets every zone as { name, points, was }: `was` is its name before, undefined for a new one.
function createZoneDrawing(dialog, done) {
  const find = (selector) => dialog.querySelector(selector);
  const stage = find('.zn-stage'), picture = find('canvas'), nameField = find('.zn-name input'), say = find('.zn-say');
  let zones = [], at = 0, drag = null, pressed = { index: -1, at: 0 }, video = null, purpose = null;
  const current = () => zones[at];
  const HINT = matchMedia('(pointer: coarse)').matches ? 'Tap to add a point, drag to move it, tap it twice to remove it.'
    : 'Click to add a point, drag to move it, double click or Delete to remove it. Enter ends, Esc cancels.';

  function showPicture() {
    video = document.querySelector('[data-testid=video]');
    const there = Boolean(video && video.videoWidth);
    find('.zn-none').hidden = there;
    stage.hidden = !there;
    for (const name of ['done', 'add', 'remove']) find(`[data-act=${name}]`).disabled = !there;
    if (!there) return;
    const scale = Math.min(1, 1280 / video.videoWidth);
    picture.width = Math.round(video.videoWidth * scale);
    picture.height = Math.round(video.videoHeight * scale);
    stage.style.setProperty('--zn-aspect', video.videoWidth / video.videoHeight);
    picture.getContext('2d').drawImage(video, 0, 0, picture.width, picture.height);
  }
  const showLater = () => { if (dialog.open) showPicture(); };

  function handle([x, y], index) {
    return make('button', {
      type: 'button', class: 'zn-point', 'data-index': index, style: `left:${x * 100}%;top:${y * 100}%`,
      'aria-label': `Point ${index + 1} of ${current().points.length}: ${Math.round(x * 100)} % across, ${Math.round(y * 100)} % down`,
    });
  }
  function draw(focus = -1) {
    find('.zn-tabs').replaceChildren(
      ...zones.map((zone, index) => make('button', { type: 'button', 'aria-pressed': String(index === at), onclick: () => choose(index) }, zone.name || '(no name)')),
      make('button', { type: 'button', class: 'zn-new', onclick: () => { add(); draw(); } }, '+ New zone'));
    find('svg').innerHTML = polygons([
      ...zones.filter((_, index) => index !== at).map(({ points }) => ({ points, kind: 'zn-other' })),
      ...['zn-halo', 'zn-own'].map((kind) => ({ points: current().points, kind })),
    ]);
    const others = zones.filter((zone, index) => index !== at && zone.points.length);
    find('.zn-labels').replaceChildren(...others.map(({ name, points }) => make('span', { style: `left:${points[0][0] * 100}%;top:${points[0][1] * 100}%` }, name)));
    find('.zn-points').replaceChildren(...current().points.map(handle));
    if (document.activeElement !== nameField) nameField.value = current().name;
    if (focus >= 0) find(`.zn-point[data-index="${Math.min(focus, current().points.length - 1)}"]`)?.focus();
  }
  function choose(index) {
    at = index;
    say.textContent = HINT;
    nameField.value = current().name;
    draw();
  }
  function add() {
    const empty = zones.findIndex((zone) => zone.was === undefined && !zone.points.length);
    if (empty < 0) zones.push({ name: unusedName(zones.map((zone) => zone.name)), points: [], growing: true });
    at = empty < 0 ? zones.length - 1 : empty;
    say.textContent = HINT;
    nameField.value = current().name;
  }

  function place(event) {
    const area = stage.getBoundingClientRect();
    return [inPicture((event.clientX - area.left) / area.width), inPicture((event.clientY - area.top) / area.height)];
  }
  function near(event) {
    const area = stage.getBoundingClientRect();
    const far = current().points.map(([x, y]) => Math.hypot(area.left + x * area.width - event.clientX, area.top + y * area.height - event.clientY));
    const best = far.indexOf(Math.min(...far));
    return best >= 0 && far[best] <= (NEAR_PX[event.pointerType] || NEAR_PX.mouse) ? best : -1;
  }
  // A zone that is being drawn goes on from its last point; one that is closed bends at its nearest edge.
  function insert(point) {
    const { points, growing } = current();
    const index = growing || points.length < 3 ? points.length : nearestEdge(points, point);
    points.splice(index, 0, point);
    return index;
  }
  function remove(index) {
    if (index < 0 || index >= current().points.length) return;
    current().points.splice(index, 1);
    draw(index);
    if (!current().points.length) stage.focus();
  }
  const focused = () => Number(document.activeElement?.closest('.zn-point')?.dataset.index ?? -1);

  function finish() {
    const kept = zones.filter((zone) => zone.points.length || zone.was !== undefined);
    const complaint = (zone) => {
      const missing = 3 - zone.points.length;
      if (missing > 0) return `“${zone.name}” needs at least 3 points: add ${missing} more.`;
      if (!zone.name.trim()) return 'A zone needs a name.';
      if (kept.some((other) => other !== zone && other.name.trim() === zone.name.trim())) return `Two zones are called “${zone.name}”. Rename one.`;
      return '';
    };
    const bad = [current(), ...kept].find((zone) => kept.includes(zone) && complaint(zone));
    if (bad) {
      choose(zones.indexOf(bad));
      say.textContent = complaint(bad);
      return;
    }
    dialog.close();
    done(kept.map((zone) => ({ ...zone, name: zone.name.trim() })), purpose);
  }

  stage.addEventListener('mousedown', (event) => event.preventDefault()); // the focus stays where `draw` puts it
  stage.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    const hit = near(event);
    drag = { index: hit < 0 ? insert(place(event)) : hit, stood: hit >= 0, x: event.clientX, y: event.clientY, moved: false };
    stage.setPointerCapture(event.pointerId);
    draw(drag.index);
  });
  stage.addEventListener('pointermove', (event) => {
    if (!drag || (!drag.moved && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 3)) return;
    drag.moved = true;
    current().points[drag.index] = place(event);
    draw(drag.index);
  });
  // Two presses of a point are counted here: a point that the first press added is not meant to go with the second.
  stage.addEventListener('pointerup', (event) => {
    if (!drag) return;
    const { index, stood, moved } = drag, again = pressed.index === index && event.timeStamp - pressed.at < DOUBLE_MS;
    drag = null;
    pressed = { index: stood && !moved && !again ? index : -1, at: event.timeStamp };
    if (!stood || moved) return;
    if (again) { remove(index); return; }
    if (index > 0 || !current().growing || current().points.length < 3) return;
    current().growing = false; // back at the first point: closed
    say.textContent = 'Closed. Click beside an edge to bend it. Done keeps the zone.';
  });
  stage.addEventListener('pointercancel', () => { drag = null; });
  nameField.addEventListener('input', () => { current().name = nameField.value; draw(); });

  dialog.addEventListener('keydown', (event) => {
    event.stopPropagation(); // the editor's undo and the player's keys are not meant
    const index = focused(), button = event.target.closest('button');
    if (event.key === 'Enter' && (!button || index >= 0)) {
      event.preventDefault();
      if (!stage.hidden) finish();
    } else if (index >= 0 && (event.key === 'Delete' || event.key === 'Backspace')) {
      event.preventDefault();
      remove(index);
    } else if (index >= 0 && event.key in ARROWS) {
      event.preventDefault();
      const step = event.shiftKey ? 0.05 : 0.01, [x, y] = current().points[index];
      current().points[index] = [inPicture(x + step * ARROWS[event.key][0]), inPicture(y + step * ARROWS[event.key][1])];
      draw(index);
    }
  });
  find('[data-act=add]').addEventListener('click', () => {
    const { points } = current(), FIRST = [[0.4, 0.4], [0.6, 0.4], [0.5, 0.6]];
    if (points.length < 3) { points.push(FIRST[points.length]); draw(points.length - 1); return; }
    const edge = longestEdge(points), [a, b] = [points[edge], points[(edge + 1) % points.length]];
    points.splice(edge + 1, 0, [inPicture((a[0] + b[0]) / 2), inPicture((a[1] + b[1]) / 2)]);
    draw(edge + 1);
  });
  let last = -1; // a button takes the focus from the point that it is about
  stage.addEventListener('focusin', () => { last = focused(); });
  find('[data-act=remove]').addEventListener('click', () => remove(last < 0 ? current().points.length - 1 : Math.min(last, current().points.length - 1)));
  find('[data-act=cancel]').addEventListener('click', () => dialog.close());
  find('[data-act=done]').addEventListener('click', finish);

  return {
    // `index`: the zone to change; without it a new one is begun. `bound` is handed to `done`.
    open(given, index = -1, bound = null) {
      purpose = bound;
      zones = given.map((zone) => ({ ...structuredClone(zone), was: zone.name }));
      say.textContent = HINT;
      if (index < 0) add(); else at = index;
      dialog.showModal();
      nameField.value = current().name;
      showPicture();
      for (const name of ['loadeddata', 'seeked']) video?.addEventListener(name, showLater, { once: true });
      draw();
      (stage.hidden ? find('[data-act=cancel]') : stage).focus();
    },
  };
}
