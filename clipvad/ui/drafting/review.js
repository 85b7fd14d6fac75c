// The suggestions with their tick boxes. The server keeps the draft; from here it hears only which ones were chosen.
const root = element.querySelector('.dr-root');
const TITLES = { abnormal: 'Abnormal', normal: 'Normal' };
let suggestions = []; // as the server sends them, with `ticked` and `mended`

function seconds(value) {
  return value >= 60 && value % 60 === 0 ? `${value / 60} min` : `${value} s`;
}

function chips({ hours, dwell_s: dwell, zones }) {
  const texts = [...hours, ...(dwell ? [`after ${seconds(dwell)}`] : []), ...zones.map((zone) => `zone: ${zone}`)];
  return texts.map((text) => make('span', { class: 'dr-chip' }, text));
}

function why(one) {
  if (one.mended) return [`Instead of “${one.text}”.`];
  return one.reason ? [one.beside ? `“Add” leaves it out. ${one.reason}` : one.reason] : [];
}

function mend(one) {
  if (!one.mend) return [];
  const act = () => { one.mended = !one.mended; one.ticked = one.mended; drawReview(); };
  return [make('button', { type: 'button', class: 'dr-mend', onclick: act }, one.mended ? 'Put back' : `Write “${one.mend}”`)];
}

function suggestionRow(one) {
  const text = one.mended ? one.mend : one.text;
  const set = (event) => { one.ticked = event.target.checked; drawReview(); };
  const notes = [...why(one), ...mend(one)];
  return make('li', { class: one.ticked ? '' : 'dr-off' },
    make('label', {},
      make('input', { type: 'checkbox', checked: one.ticked, disabled: !one.usable, onchange: set }),
      make('span', { class: 'dr-text' }, text || '(an empty sentence)', ...chips(one).flatMap((chip) => [' ', chip]))),
    ...(notes.length ? [make('div', { class: one.mended ? 'dr-reason dr-done' : 'dr-reason' }, ...notes.flatMap((part) => [part, ' ']))] : []));
}

function drawReviewSide(side) {
  const section = root.querySelector(`.dr-review [data-side=${side}]`);
  const scroll = section.querySelector('.dr-list')?.scrollTop || 0;
  const mine = suggestions.filter((one) => one.side === side);
  const groups = new Map();
  for (const one of mine) groups.set(one.category, [...(groups.get(one.category) || []), one]);
  const list = make('div', { class: 'dr-list' }, ...[...groups].flatMap(([category, members]) => [
    ...(category ? [make('h4', {}, category)] : []), make('ul', {}, ...members.map(suggestionRow))]));
  section.replaceChildren(
    make('header', {}, make('h3', {}, TITLES[side]),
      make('span', {}, `${mine.filter((one) => one.ticked).length} of ${mine.length} ticked`)),
    list);
  list.scrollTop = scroll;
}

function drawReview() {
  const place = document.activeElement?.closest?.('.dr-list') && [...root.querySelectorAll('.dr-list :is(input, button)')].indexOf(document.activeElement);
  Object.keys(TITLES).forEach(drawReviewSide);
  if (place >= 0) root.querySelectorAll('.dr-list :is(input, button)')[place]?.focus(); // the keyboard stays where it was
  const ticked = suggestions.filter((one) => one.ticked);
  const added = ticked.filter((one) => !one.beside);
  const [add, instead] = ['add', 'instead'].map((name) => root.querySelector(`[data-take=${name}]`));
  add.textContent = `Add ${added.length} ticked to my rules`;
  add.disabled = !added.length;
  instead.textContent = `Replace my rules with ${ticked.length} ticked`;
  instead.disabled = !ticked.length;
}

function take(how) {
  if (how === 'discard') { trigger('discarded', {}); return; }
  const where = (name) => suggestions.flatMap((one, index) => (one[name] ? [index] : []));
  trigger('taken', { ticked: where('ticked'), mended: where('mended'), instead: how === 'instead' });
}

for (const button of root.querySelectorAll('[data-take]')) button.addEventListener('click', () => take(button.dataset.take));
