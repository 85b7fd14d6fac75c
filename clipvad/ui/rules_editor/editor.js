// The two lists of sentences. State lives here; the server only ever sends a new list (another `version`)
// or remarks on sentences, which are matched by text so that a late answer never disturbs typing.
const SIDES = {
  abnormal: { title: 'Abnormal', hint: 'Add what should raise the curve' },
  normal: { title: 'Normal', hint: 'Add what belongs here' },
};
const LIMIT = 400;
const MAX_ROWS = 200;
const HISTORY = 100;
const root = element.querySelector('.re-root');
let state = { version: null, normal: [], abnormal: [] };
let remarks = [];
let past = [];
let future = [];
let timer = null;
const replaced = new Set(); // versions whose lists are gone

const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
};
const snapshot = () => JSON.stringify([state.normal, state.abnormal]);

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
  [state.normal, state.abnormal] = JSON.parse(from.pop());
  draw();
  publish(60);
}

// Typing is one step of undo per visit to a sentence.
let typed = null;
function typing(rule, key, value) {
  if (typed === null) {
    typed = snapshot();
    past.push(typed);
    future = [];
  }
  rule[key] = value;
  publish(350);
}

function escapeHtml(text) {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
}

function underlined(text, words) {
  if (!words.length) return escapeHtml(text) + ' ';
  const unseen = new Set(words.map((word) => word.toLowerCase()));
  return text.split(/([\p{L}\p{N}'’]+)/u)
    .map((part) => (unseen.has(part.toLowerCase()) ? `<mark>${escapeHtml(part)}</mark>` : escapeHtml(part)))
    .join('') + ' ';
}

function decorate(row, side, rule) {
  const mine = remarks.filter((remark) => remark.side === side && remark.text === rule.text.trim() && rule.enabled);
  const words = mine.flatMap((remark) => remark.words || []);
  row.querySelector('.re-mirror').innerHTML = underlined(rule.text, words);
  row.querySelector('.re-notes').replaceChildren(...mine.map((remark) => make('div', {}, remark.message)));
}

function row(side, index) {
  const rule = state[side][index];
  const list = state[side];
  const move = (step) => {
    const target = index + step;
    if (target < 0 || target >= list.length) return;
    change(() => list.splice(target, 0, ...list.splice(index, 1)), { focus: [side, target] });
  };
  const node = make('li', { class: 're-row' + (rule.enabled ? '' : ' re-off') });
  const text = make('textarea', {
    rows: 1, maxlength: LIMIT, spellcheck: 'false', 'aria-label': `${SIDES[side].title} sentence ${index + 1}`,
    oninput: (event) => { typing(rule, 'text', event.target.value.replace(/\n/g, ' ')); decorate(node, side, rule); },
    onblur: () => { typed = null; },
    onkeydown: (event) => {
      if (event.key === 'Enter') { event.preventDefault(); root.querySelector(`[data-add=${side}]`).focus(); }
      if (event.altKey && event.key === 'ArrowUp') { event.preventDefault(); move(-1); }
      if (event.altKey && event.key === 'ArrowDown') { event.preventDefault(); move(1); }
    },
  });
  text.value = rule.text;
  const category = make('input', {
    class: 're-category', value: rule.category, placeholder: 'category', maxlength: 60, spellcheck: 'false',
    size: Math.max(6, Math.min(18, rule.category.length || 6)), title: 'Category: groups sentences of one kind',
    'aria-label': `Category of sentence ${index + 1}`,
    oninput: (event) => typing(rule, 'category', event.target.value), onblur: () => { typed = null; },
  });
  node.append(
    make('input', {
      type: 'checkbox', checked: rule.enabled, title: 'On or off', 'aria-label': `Use “${rule.text}”`,
      onchange: (event) => change(() => { rule.enabled = event.target.checked; }),
    }),
    make('div', { class: 're-sentence' },
      make('div', { class: 're-field' }, make('div', { class: 're-mirror', 'aria-hidden': 'true' }), text),
      ...(side === 'abnormal' ? [category] : []),
      make('div', { class: 're-notes' })),
    make('span', { class: 're-acts' },
      make('button', { type: 'button', title: 'Up (Alt+↑)', 'aria-label': 'Move up', disabled: index === 0, onclick: () => move(-1) }, '↑'),
      make('button', { type: 'button', title: 'Down (Alt+↓)', 'aria-label': 'Move down', disabled: index === list.length - 1, onclick: () => move(1) }, '↓'),
      make('button', { type: 'button', title: 'To the other list', 'aria-label': 'Move to the other list', onclick: () => change(() => state[side === 'normal' ? 'abnormal' : 'normal'].push(...list.splice(index, 1))) }, '⇄'),
      make('button', { type: 'button', class: 're-remove', title: 'Remove', 'aria-label': 'Remove', onclick: () => change(() => list.splice(index, 1)) }, '×')),
  );
  decorate(node, side, rule);
  return node;
}

function add(side, lines) {
  const room = MAX_ROWS - state[side].length;
  const rules = lines.map((line) => line.trim().replace(/^[-*•]\s+/, '').slice(0, LIMIT)).filter(Boolean).slice(0, room);
  if (rules.length) change(() => state[side].push(...rules.map((text) => ({ text, category: '', enabled: true }))), { focus: [side, 'add'] });
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

function draw(focus = null) {
  typed = null;
  Object.keys(SIDES).forEach(drawSide);
  allowTravel();
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

function receive() {
  const value = props.value;
  if (!value || !value.normal) return;
  if (replaced.has(value.version)) { // a late answer about lists that another place has replaced since
    publish(60);
    return;
  }
  remarks = value.remarks || [];
  if (value.version !== state.version) {
    const same = JSON.stringify([value.normal, value.abnormal]) === snapshot();
    if (state.version !== null && !value.fresh && !same) past.push(snapshot()); // undo gives back what a preset replaced
    if (value.fresh) past = [];
    replaced.add(state.version);
    future = [];
    state = structuredClone({ version: value.version, normal: value.normal, abnormal: value.abnormal });
    draw();
  } else {
    refreshRemarks();
    if (JSON.stringify([value.normal, value.abnormal]) !== snapshot()) props.value = { ...structuredClone(state), remarks };
  }
}

root.querySelector('[data-act=undo]').addEventListener('click', () => travel(past, future));
root.querySelector('[data-act=redo]').addEventListener('click', () => travel(future, past));
root.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.target.matches('textarea, input:not([type=checkbox])')) return;
  if (event.key.toLowerCase() === 'z') { event.preventDefault(); event.shiftKey ? travel(future, past) : travel(past, future); }
});
watch('value', receive);
receive();
