// Zones and the two lists of sentences. State lives here; the server only ever sends new ones (another `version`)
// or remarks on sentences, which are matched by text first, so that a late answer never disturbs typing.
const SIDES = {
  abnormal: { title: 'Abnormal', hint: 'Add what should raise the curve' },
  normal: { title: 'Normal', hint: 'Add what belongs here' },
};
const LIMIT = 400;
const MAX_ROWS = 200;
const HISTORY = 100;
const root = element.querySelector('.re-root');
let state = { version: null, zones: [], normal: [], abnormal: [] };
let remarks = [];
let past = [];
let future = [];
let timer = null;
const replaced = new Set(); // versions whose lists are gone
const open = new Set(); // sentences whose conditions are shown

const parts = ({ zones, normal, abnormal }) => [zones, normal, abnormal];
const snapshot = () => JSON.stringify(parts(state));
const other = (side) => (side === 'normal' ? 'abnormal' : 'normal');
const sentences = () => [...state.normal, ...state.abnormal];

function allowTravel() {
  root.querySelector('[data-act=undo]').disabled = !past.length;
  root.querySelector('[data-act=redo]').disabled = !future.length;
}

function publish(delay) {
  allowTravel();
  props.value = { ...structuredClone(state), remarks };
  clearTimeout(timer);
  timer = setTimeout(() => trigger('edited', {}), delay);
}

function change(mutate, { delay = 60, focus = null } = {}) {
  past.push(snapshot());
  past = past.slice(-HISTORY);
  future = [];
  mutate();
  draw(focus);
  publish(delay);
}

function travel(from, to) {
  if (!from.length) return;
  to.push(snapshot());
  const shown = Object.keys(SIDES).flatMap((side) => state[side].flatMap((rule, index) => (open.has(rule) ? [[side, index]] : [])));
  [state.zones, state.normal, state.abnormal] = JSON.parse(from.pop());
  open.clear();
  for (const [side, index] of shown) if (state[side][index]) open.add(state[side][index]);
  draw();
  publish(60);
}

// Typing is one step of undo per visit to a sentence.
let typed = null;
function typing(rule, key, value, delay = 350) {
  if (typed === null) {
    typed = snapshot();
    past.push(typed);
    future = [];
  }
  rule[key] = value;
  publish(delay);
}

const MENDS = {
  replace: { label: (_, text) => `Use “${text}”`, apply: (side, rule, text) => { rule.text = text; } },
  remove: { label: () => 'Remove', apply: (side, rule) => { state[side].splice(state[side].indexOf(rule), 1); } },
  move: { label: (side) => `Move to ${other(side)}`, apply: (side, rule) => cross(side, rule) },
};

function cross(side, rule) {
  state[other(side)].push(...state[side].splice(state[side].indexOf(rule), 1));
}

function note(remark, side, rule) {
  const mend = remark.mend && MENDS[remark.mend.action];
  if (!mend) return make('div', {}, remark.message);
  return make('div', {}, remark.message + ' ', make('button', {
    type: 'button', class: 're-mend', onclick: () => change(() => mend.apply(side, rule, remark.mend.text)),
  }, mend.label(side, remark.mend.text)));
}

// Of several sentences with one text, each gets its own by its place, in which the server counts no blank ones.
function remarksOn(side, rule) {
  const text = rule.text.trim(), sent = state[side].filter((one) => one.text.trim());
  const alone = sent.filter((one) => one.text.trim() === text).length === 1;
  const mine = remarks.filter((remark) => rule.enabled && remark.side === side && remark.text === text);
  return alone ? mine : mine.filter((remark) => remark.index === sent.indexOf(rule));
}

function decorate(node, side, rule) {
  const mine = remarksOn(side, rule);
  const words = mine.flatMap((remark) => remark.words || []);
  node.querySelector('.re-mirror').innerHTML = underlined(rule.text, words);
  node.querySelector('.re-chips').replaceChildren(...chips(side, rule));
  const notes = node.querySelector('.re-notes'), said = JSON.stringify(mine);
  if (notes.dataset.said === said) return; // a button that is being pressed must stay
  notes.dataset.said = said;
  notes.replaceChildren(...mine.map((remark) => note(remark, side, rule)));
}

function conditions(side, index, refresh) {
  const rule = state[side][index];
  return bindings([side, index], rule, state.zones, {
    onType: (key, value) => { typing(rule, key, value, 900); refresh(); },
    onLeave: () => { typed = null; },
    onTick: (name, on) => change(() => { rule.zones = [...rule.zones.filter((zone) => zone !== name), ...(on ? [name] : [])]; }),
    onDraw: () => drawing.open(state.zones, -1, rule),
  });
}

function sentence(side, index, move, refresh) {
  const rule = state[side][index];
  const text = make('textarea', {
    rows: 1, maxlength: LIMIT, spellcheck: 'false', 'aria-label': `${SIDES[side].title} sentence ${index + 1}`,
    oninput: (event) => { typing(rule, 'text', event.target.value.replace(/\n/g, ' ')); refresh(); },
    onblur: () => { typed = null; },
    onkeydown: (event) => {
      if (event.key === 'Enter') { event.preventDefault(); root.querySelector(`[data-add=${side}]`).focus(); }
      if (event.altKey && event.key === 'ArrowUp') { event.preventDefault(); move(-1); }
      if (event.altKey && event.key === 'ArrowDown') { event.preventDefault(); move(1); }
    },
  });
  text.value = rule.text;
  return make('div', { class: 're-field' }, make('div', { class: 're-mirror', 'aria-hidden': 'true' }), text);
}

function row(side, index) {
  const list = state[side], rule = list[index], shown = open.has(rule);
  const move = (step) => {
    const target = index + step;
    if (target < 0 || target >= list.length) return;
    change(() => list.splice(target, 0, ...list.splice(index, 1)), { focus: [side, target] });
  };
  const unfold = () => { if (!open.delete(rule)) open.add(rule); draw(); };
  const refresh = () => decorate(node, side, rule);
  const act = (label, sign, onclick, options = {}) => make('button', { type: 'button', title: label, 'aria-label': label, onclick, ...options }, sign);
  const node = make('li', { class: 're-row' + (rule.enabled ? '' : ' re-off') + (shown ? ' re-open' : '') },
    make('input', {
      type: 'checkbox', checked: rule.enabled, title: 'On or off', 'aria-label': `Use “${rule.text}”`, 'data-key': `${side} ${index} on`,
      onchange: (event) => change(() => { rule.enabled = event.target.checked; }),
    }),
    make('div', { class: 're-sentence' },
      sentence(side, index, move, refresh),
      make('div', { class: 're-chips', onclick: unfold }),
      make('div', { class: 're-notes' }),
      ...(shown ? [conditions(side, index, refresh)] : [])),
    make('span', { class: 're-acts' },
      act('Move up', '↑', () => move(-1), { title: 'Up (Alt+↑)', disabled: index === 0 }),
      act('Move down', '↓', () => move(1), { title: 'Down (Alt+↓)', disabled: index === list.length - 1 }),
      act('Move to the other list', '⇄', () => change(() => cross(side, rule)), { title: 'To the other list' }),
      act('Remove', '×', () => change(() => list.splice(index, 1)), { class: 're-remove' })),
    act('Conditions', '⋯', unfold, {
      class: 're-more', title: 'Where, when and from what score on it counts', 'aria-expanded': String(shown), 'data-key': `${side} ${index} more`,
    }));
  refresh();
  return node;
}

function add(side, lines) {
  const room = MAX_ROWS - state[side].length;
  const rules = lines.map((line) => line.trim().replace(/^[-*•]\s+/, '').slice(0, LIMIT)).filter(Boolean).slice(0, room);
  if (rules.length) change(() => state[side].push(...rules.map((text) => ({ ...PLAIN, zones: [], hours: [], text }))), { focus: [side, 'add'] });
}

function pasteBox(side) {
  const area = make('textarea', { rows: 5, placeholder: 'One sentence a line', 'aria-label': 'Sentences, one a line' });
  const close = () => box.remove();
  const box = make('div', { class: 're-paste' }, area,
    make('div', {},
      make('button', { type: 'button', class: 're-solid', onclick: () => { const lines = area.value.split('\n'); close(); add(side, lines); } }, 'Add all'),
      make('button', { type: 'button', onclick: close }, 'Cancel')));
  return box;
}

function drawSide(side) {
  const section = root.querySelector(`[data-side=${side}]`);
  const scroll = section.querySelector('ol')?.scrollTop || 0;
  const on = state[side].filter((rule) => rule.enabled && rule.text.trim()).length;
  const adder = make('input', {
    'data-add': side, placeholder: SIDES[side].hint, maxlength: LIMIT, spellcheck: 'false', 'aria-label': `New ${side} sentence`,
    onkeydown: (event) => { if (event.key === 'Enter' && event.target.value.trim()) { event.preventDefault(); add(side, [event.target.value]); } },
    onpaste: (event) => {
      const lines = (event.clipboardData?.getData('text') || '').split('\n').filter((line) => line.trim());
      if (lines.length > 1) { event.preventDefault(); add(side, lines); }
    },
  });
  const list = make('ol', {}, ...state[side].map((_, index) => row(side, index)));
  const empty = remarks.filter((remark) => remark.side === side && remark.text === null);
  section.replaceChildren(
    make('header', {}, make('h3', {}, SIDES[side].title), make('span', { class: 're-count' }, `${on} of ${state[side].length} on`),
      make('button', { type: 'button', onclick: (event) => { if (!section.querySelector('.re-paste')) { event.target.closest('header').after(pasteBox(side)); section.querySelector('.re-paste textarea').focus(); } } }, 'Paste many')),
    ...empty.map((remark) => make('div', { class: 're-notes' }, remark.message)),
    list,
    make('div', { class: 're-add' }, make('span', { 'aria-hidden': 'true' }, '+'), adder));
  list.scrollTop = scroll;
}

// Zones as the drawing or the list gives them, with `was`, the name before: sentences follow a new name and lose
// what is gone. `bound`: the sentence that new zones were drawn for.
function setZones(zones, bound) {
  const drawn = zones.map(({ name, points }) => ({ name, points }));
  if (JSON.stringify(drawn) === JSON.stringify(state.zones)) return;
  change(() => {
    const renamed = new Map(zones.filter(({ was }) => was !== undefined).map(({ was, name }) => [was, name]));
    for (const rule of sentences()) rule.zones = rule.zones.filter((name) => renamed.has(name)).map((name) => renamed.get(name));
    if (bound) bound.zones.push(...zones.filter(({ was }) => was === undefined).map(({ name }) => name));
    state.zones = drawn;
  });
}

// In place, without drawing anew: the click that ends the typing may be meant for a button of this list.
function rename(index, input) {
  const zone = state.zones[index], name = input.value.trim(), taken = state.zones.some((one) => one !== zone && one.name === name);
  input.nextElementSibling.textContent = taken ? 'Another zone has this name.' : name ? '' : 'A zone needs a name.';
  if (!name || taken || name === zone.name) return;
  past.push(snapshot());
  future = [];
  for (const rule of sentences()) rule.zones = rule.zones.map((one) => (one === zone.name ? name : one));
  zone.name = name;
  for (const label of root.querySelectorAll(`[data-zone="${index}"] span`)) label.textContent = name;
  refreshRemarks();
  publish(60);
}

function zoneRow(zone, index) {
  const uses = sentences().filter((rule) => rule.zones.includes(zone.name)).length;
  const act = (title, key, onclick, options, ...inside) => make('button', { type: 'button', title, 'data-key': `zone ${index} ${key}`, onclick, ...options }, ...inside);
  const shape = act('Change its outline', 'shape', () => drawing.open(state.zones, index), { class: 're-shape' }, outline(zone.points));
  const remove = act('Remove the zone; its sentences count everywhere again', 'remove', () => setZones(
    state.zones.filter((one) => one !== zone).map((one) => ({ ...one, was: one.name }))), { class: 're-remove' }, '×');
  const label = () => {
    shape.setAttribute('aria-label', `Change the outline of ${zone.name}`);
    remove.setAttribute('aria-label', `Remove ${zone.name}`);
  };
  const name = make('input', {
    maxlength: 60, spellcheck: 'false', autocomplete: 'off', 'aria-label': `Name of zone ${index + 1}`, 'data-key': `zone ${index} name`,
    onchange: (event) => { rename(index, event.target); label(); },
    onkeydown: (event) => { if (event.key === 'Enter') event.target.blur(); },
  });
  name.value = zone.name;
  label();
  return make('li', {}, shape, make('div', { class: 're-zone-name' }, name, make('small', { class: 're-wrong' })),
    make('small', { class: 're-uses' }, uses ? `${uses} sentence${uses > 1 ? 's' : ''}` : 'not used yet'), remove);
}

function drawZones() {
  root.querySelector('.re-zones').replaceChildren(
    make('header', {}, make('h3', {}, 'Zones'),
      make('span', { class: 're-count' }, state.zones.length ? `${state.zones.length} drawn` : 'none: sentences count everywhere'),
      make('button', { type: 'button', 'data-key': 'draw', onclick: () => drawing.open(state.zones) }, 'Draw a zone')),
    make('ul', {}, ...state.zones.map(zoneRow)));
}

function draw(focus = null) {
  typed = null;
  const held = root.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  Object.keys(SIDES).forEach(drawSide);
  drawZones();
  allowTravel();
  if (held) root.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  if (!focus) return;
  const [side, place] = focus;
  const target = place === 'add' ? root.querySelector(`[data-add=${side}]`)
    : root.querySelectorAll(`[data-side=${side}] li textarea`)[place];
  if (place === 'add') root.querySelector(`[data-side=${side}] ol`).scrollTop = 1e6;
  target?.focus();
}

function refreshRemarks() {
  for (const side of Object.keys(SIDES)) {
    const section = root.querySelector(`[data-side=${side}]`);
    const list = section.querySelector('ol');
    const atEnd = list && list.scrollHeight - list.scrollTop - list.clientHeight < 8;
    section.querySelectorAll('li').forEach((node, index) => state[side][index] && decorate(node, side, state[side][index]));
    if (atEnd) list.scrollTop = list.scrollHeight; // a note under the sentence just added stays in view
    section.querySelectorAll(':scope > .re-notes').forEach((node) => node.remove());
    const empty = remarks.filter((remark) => remark.side === side && remark.text === null);
    section.querySelector('header').after(...empty.map((remark) => make('div', { class: 're-notes' }, remark.message)));
    section.querySelector('.re-count').textContent =
      `${state[side].filter((rule) => rule.enabled && rule.text.trim()).length} of ${state[side].length} on`;
  }
  allowTravel();
}

// Every sentence with all its keys, in one order: the server may leave out what is not set.
function completed(value) {
  const rows = (side) => value[side].map((rule) => Object.fromEntries(Object.entries(PLAIN).map(([key, plain]) => [key, rule[key] ?? plain])));
  const zones = (value.zones || []).map(({ name, points }) => ({ name, points }));
  return { ...value, zones, normal: rows('normal'), abnormal: rows('abnormal') };
}

function receive() {
  if (!props.value || !props.value.normal) return;
  const value = completed(props.value);
  if (replaced.has(value.version)) { // a late answer about lists that another place has replaced since
    publish(60);
    return;
  }
  remarks = value.remarks || [];
  if (value.version !== state.version) {
    const same = JSON.stringify(parts(value)) === snapshot();
    if (state.version !== null && !value.fresh && !same) past.push(snapshot()); // undo gives back what a preset replaced
    if (value.fresh) past = [];
    replaced.add(state.version);
    future = [];
    open.clear();
    state = structuredClone({ version: value.version, zones: value.zones, normal: value.normal, abnormal: value.abnormal });
    draw();
  } else {
    refreshRemarks();
    if (JSON.stringify(parts(value)) !== snapshot()) props.value = { ...structuredClone(state), remarks };
  }
}

const drawing = createZoneDrawing(root.querySelector('.zn'), setZones);
root.querySelector('[data-act=undo]').addEventListener('click', () => travel(past, future));
root.querySelector('[data-act=redo]').addEventListener('click', () => travel(future, past));
root.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches('textarea, input:not([type=checkbox])')) return;
  if (event.key.toLowerCase() === 'z') { event.preventDefault(); event.shiftKey ? travel(future, past) : travel(past, future); }
});
watch('value', receive);
receive();
