// What a sentence is bound to: chips beside it, and the line of fields that opens under it.

const CLOCK = '(?:(?:[01]\\d|2[0-3]):[0-5]\\d|24:00)';
const SPAN = new RegExp(`^${CLOCK}\\s*[-–]\\s*${CLOCK}$`);
const isNumber = (value, low, high) => typeof value === 'number' && value >= low && value <= high;

// What is no number yet stays a text: nothing typed is lost, and the server says what is wrong with it.
function readNumber(text) {
  const number = Number(text.trim().replace(',', '.'));
  return text.trim() && Number.isFinite(number) ? number : text.trim() || null;
}

const FIELDS = {
  threshold: {
    label: 'Threshold', help: 'Score from which on this sentence raises an event, in place of the common threshold', hint: 'common', abnormal: true, mode: 'decimal', mend: 'A number above 0 and at most 1, such as 0.7.',
    read: readNumber, show: (value) => value ?? '', sound: (value) => value === null || isNumber(value, 1e-6, 1),
  },
  hours: {
    label: 'Hours', help: 'Spans of the clock in which it holds, such as 20:00-06:00', hint: 'always', mend: 'Write it like 20:00-06:00, with a comma between two spans.',
    read: (text) => text.split(',').map((span) => span.trim()).filter(Boolean), show: (value) => value.join(', '),
    sound: (value) => value.every((span) => SPAN.test(span)),
  },
  dwell_s: {
    label: 'Stays (s)', help: 'Seconds that an object must have been there before it counts (object mode)', hint: '0', mode: 'decimal', mend: 'A number of seconds, such as 5.',
    read: (text) => readNumber(text) ?? 0, show: (value) => value || '', sound: (value) => isNumber(value, 0, 86400),
  },
  category: {
    label: 'Category', help: 'Groups sentences of one kind', hint: 'none', abnormal: true,
    read: (text) => text, show: (value) => value, sound: () => true,
  },
};
const PLAIN = { text: '', category: '', enabled: true, threshold: null, zones: [], hours: [], dwell_s: 0 };

function chips(side, rule) {
  const abnormal = side === 'abnormal';
  const one = (kind, text, sound = true) => make('span', { class: `re-chip re-chip-${kind}`, 'data-wrong': !sound }, text);
  return [
    ...rule.zones.map((name) => one('zone', name)),
    ...rule.hours.map((span) => one('hours', span, SPAN.test(span))),
    ...(rule.dwell_s ? [one('dwell', `≥ ${rule.dwell_s} s`, FIELDS.dwell_s.sound(rule.dwell_s))] : []),
    ...(abnormal && rule.threshold !== null ? [one('threshold', `threshold ${rule.threshold}`, FIELDS.threshold.sound(rule.threshold))] : []),
    ...(abnormal && rule.category.trim() ? [one('category', rule.category)] : []),
  ];
}

function bindingField(name, place, rule, onType, onLeave) {
  const field = FIELDS[name], id = `re-${place.join('-')}-${name}`;
  const wrong = make('small', { class: 're-wrong', id, hidden: field.sound(rule[name]) }, field.mend || '');
  const input = make('input', {
    maxlength: name === 'hours' ? 200 : 60, placeholder: field.hint, title: field.help, spellcheck: 'false', autocomplete: 'off',
    inputmode: field.mode, 'data-field': name, 'data-key': [...place, name].join(' '), 'aria-describedby': id,
    'aria-invalid': field.sound(rule[name]) ? null : 'true',
    oninput: () => { onType(name, field.read(input.value)); if (field.sound(rule[name])) judge(); },
    onchange: () => judge(), // while one still types, an unfinished text is not held against one
    onblur: onLeave,
  });
  function judge() {
    wrong.hidden = field.sound(rule[name]);
    input.toggleAttribute('aria-invalid', !wrong.hidden);
    if (!wrong.hidden) input.setAttribute('aria-invalid', 'true');
  }
  input.value = field.show(rule[name]);
  return make('label', {}, make('span', {}, field.label), input, wrong);
}

// The open line. `place`: side and index. `onTick(name, on)`, `onDraw()`: a zone is ticked, or a new one is wanted.
function bindings(place, rule, zones, { onType, onLeave, onTick, onDraw }) {
  const names = Object.keys(FIELDS).filter((name) => !FIELDS[name].abnormal || place[0] === 'abnormal');
  const known = zones.map((zone) => zone.name);
  const tick = (zone, index) => make('label', { 'data-zone': index },
    make('input', {
      type: 'checkbox', checked: rule.zones.includes(zone.name), 'data-key': [...place, 'zone', index].join(' '),
      onchange: (event) => onTick(zone.name, event.target.checked),
    }), make('span', {}, zone.name));
  const strangers = rule.zones.filter((name) => !known.includes(name)).map((name) => ({ name }));
  return make('div', { class: 're-detail', role: 'group', 'aria-label': `Conditions of sentence ${place[1] + 1}` },
    ...names.map((name) => bindingField(name, place, rule, onType, onLeave)),
    make('fieldset', { class: 're-ticks' }, make('legend', {}, 'Counts in'),
      ...(known.length + strangers.length ? [...zones, ...strangers].map(tick) : [make('span', { class: 're-none' }, 'the whole picture')]),
      make('button', { type: 'button', onclick: onDraw }, 'Draw a zone')));
}
