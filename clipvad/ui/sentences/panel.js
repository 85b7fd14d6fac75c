// The panel. It asks the server only while it is open: when opened, and when the timeline has taken new scores or
// another mode, which its data attributes tell. User text goes in as text, never as HTML.

(function start(host) {
  const root = host.querySelector('.sn'), find = (selector) => root.querySelector(selector);
  const picture = find('.sn-plot'), matrix = find('.sn-matrix');
  const told = { mode: '' }; // Gradio's "always_last" sends the data of an earlier event again: one object, always new
  let data = null, chosen = null, order = 'change', view = null, stale = false, timer = null, followed = null;

  const timeline = () => document.querySelector('#pg-timeline [data-testid=timeline]');
  const marks = () => ({ threshold: Number(timeline()?.dataset.threshold) || 0.5, playhead: Number(timeline()?.dataset.time) || 0 });
  const keyOf = (sentence) => JSON.stringify([sentence.text, sentence.abnormal]);

  function make(tag, className, ...children) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children);
    return node;
  }
  const inQuotes = (index) => make('span', '', '“', make('b', '', data.sentences[index].text), '”');

  function setState(state) { root.dataset.state = state; }

  function say(text) {
    find('.sn-note').textContent = text;
    find('.sn-note').hidden = false;
    find('.sn-body').hidden = true;
    setState('note');
  }

  function ask() {
    clearTimeout(timer);
    if (!root.open) { stale = true; return; }
    const state = timeline()?.dataset.state;
    if (state === 'running') { say('The analysis is running. The sentences follow when it is done.'); return; }
    if (state !== 'shown') { say('Analyse a clip first.'); return; }
    timer = setTimeout(() => { stale = false; told.mode = timeline().dataset.mode; setState('waiting'); trigger('wanted', told); }, 120);
  }

  // Attributes of the timeline: `ready` counts what it took, the others are what it shows now.
  function follow() {
    const shown = timeline();
    if (!shown || followed === shown) return;
    followed = shown;
    new MutationObserver((changes) => {
      const names = new Set(changes.map((change) => change.attributeName));
      if (names.has('data-ready') || names.has('data-mode')) ask();
      if (!root.open || !data || !view) return;
      if (names.has('data-threshold')) drawChosen();
      else if (names.has('data-time')) placeLine(picture, '.sn-playhead', view.x(marks().playhead));
    }).observe(shown, { attributes: true, attributeFilter: ['data-ready', 'data-mode', 'data-threshold', 'data-time'] });
  }

  // Rows

  function number(className, value, text) {
    const cell = make('span', `sn-number ${className}`, text);
    cell.style.setProperty('--sn-part', value);
    return cell;
  }

  function row(index) {
    const sentence = data.sentences[index], text = make('span', 'sn-text', sentence.text);
    if (sentence.idle) text.append(make('span', 'sn-idle', 'never matters on this clip'));
    const change = sentence.change === null ? make('span', 'sn-number sn-none', 'last of its side')
      : number('sn-change', sentence.change, sentence.idle ? '<0.01' : sentence.change.toFixed(2));
    if (sentence.change === null) change.title = 'A score needs a sentence on both sides: this one cannot be taken out.';
    const node = make('button', `sn-row${sentence.abnormal ? ' sn-abnormal' : ''}`, text,
      number('sn-wins', sentence.wins, `${(sentence.wins * 100).toFixed(sentence.wins < 0.0995 ? 1 : 0)} %`), change, sparkline(data, index));
    node.type = 'button';
    node.dataset.index = index;
    node.setAttribute('data-testid', 'sentence-row');
    node.setAttribute('aria-pressed', String(keyOf(sentence) === chosen));
    return node;
  }

  function inOrder() {
    const listed = heatRows(data);
    if (order === 'listed') return listed;
    const value = (index) => data.sentences[index][order] ?? -1;
    return listed.sort((a, b) => value(b) - value(a));
  }

  function drawRows() {
    const rows = find('.sn-rows'), scrolled = rows.scrollTop;
    rows.replaceChildren(...inOrder().map(row));
    rows.scrollTop = scrolled;
    for (const button of root.querySelectorAll('[data-order]')) button.setAttribute('aria-pressed', String(button.dataset.order === order));
  }

  // The chosen sentence, large

  const chosenIndex = () => data.sentences.findIndex((sentence) => keyOf(sentence) === chosen);

  function drawChosen() {
    const index = chosenIndex();
    if (index < 0 || !picture.clientWidth) return;
    const sentence = data.sentences[index];
    find('.sn-chosen').textContent = sentence.text;
    find('.sn-off').hidden = sentence.change === null;
    view = drawPlot(picture, data, index, marks());
    root.dataset.chosen = index;
    read(null);
  }

  function read(t) {
    const index = chosenIndex(), sentence = data.sentences[index], line = find('.sn-reading');
    placeLine(picture, '.sn-hover', t === null ? null : view.x(t));
    if (t === null) {
      line.textContent = sentence.change === null ? 'It is the last sentence of its side and cannot be taken out: a score needs both.'
        : sentence.idle ? 'Without it the curve of this clip stays the same, to one hundredth.'
        : `Without it the curve moves by up to ${sentence.change.toFixed(2)}.`;
      return;
    }
    const i = sampleAt(data.pts, t), now = data.smooth[i] / U16, without = data.without[index][i] / U16;
    line.textContent = `${formatTime(data.pts[i], 1)}: now ${now.toFixed(2)}` + (sentence.change === null ? '' : `, without it ${without.toFixed(2)}`);
  }

  // Likeness

  function drawLikeness() {
    const rows = heatRows(data), bad = data.sentences.filter((sentence) => sentence.abnormal).length;
    const ends = drawMatrix(matrix, data, rows), { abnormal, normal, cosine } = data.closest;
    find('.sn-square').style.setProperty('--sn-cut', `${(100 * bad) / rows.length}%`);
    find('.sn-closest').replaceChildren('Most alike across the sides: abnormal ', inQuotes(abnormal), ' and normal ', inQuotes(normal), `, ${cosine.toFixed(2)}.`);
    find('.sn-scale span').textContent = ends[0].toFixed(2);
    find('.sn-scale span:last-child').textContent = ends[1].toFixed(2);
    tellPair(null);
  }

  function tellPair(pair) {
    const side = (index) => (data.sentences[index].abnormal ? 'abnormal ' : 'normal ');
    find('.sn-pair').replaceChildren(...(pair
      ? [side(pair[0]), inQuotes(pair[0]), ' and ', side(pair[1]), inQuotes(pair[1]), `: ${cosineOf(data, ...pair).toFixed(2)}`]
      : ['Point at a cell for its two sentences. Abnormal ones come first; the lines part the two sides.']));
  }

  function receive() {
    const value = props.value;
    if (!value || !value.kind) return;
    if (value.kind === 'note') { say(value.text); return; }
    const count = value.sentences.length, pts = unpack(value.pts, Float32Array), all = unpack(value.without, Uint16Array);
    const without = Array.from({ length: count }, (_, n) => all.subarray(n * pts.length, (n + 1) * pts.length));
    data = { ...value, pts, smooth: unpack(value.smooth, Uint16Array), without, alike: unpack(value.alike, Int16Array) };
    if (chosenIndex() < 0) chosen = keyOf(data.sentences[inOrder()[0]]);
    const idle = data.sentences.filter((sentence) => sentence.idle).length;
    find('.sn-about').textContent = `${value.mode === 'object' ? 'Objects' : 'Whole frame'} · ${count} sentences` + (idle ? ` · ${idle} never ${idle === 1 ? 'matters' : 'matter'} on this clip` : '');
    find('.sn-note').hidden = true;
    find('.sn-body').hidden = false;
    drawRows();
    drawLikeness();
    drawChosen();
    setState('shown');
  }

  root.addEventListener('toggle', () => {
    follow();
    if (root.open && (stale || !data)) ask(); else if (root.open) drawChosen();
  });
  root.addEventListener('click', (event) => {
    const clicked = event.target.closest('button');
    if (!clicked || !data) return;
    if (clicked.dataset.order) { order = clicked.dataset.order; drawRows(); }
    else if (clicked.dataset.index) {
      chosen = keyOf(data.sentences[Number(clicked.dataset.index)]);
      for (const one of root.querySelectorAll('.sn-row')) one.setAttribute('aria-pressed', String(one === clicked));
      drawChosen();
    } else if (clicked.matches('.sn-off') && chosenIndex() >= 0) {
      const { text, abnormal } = data.sentences[chosenIndex()];
      setState('waiting');
      trigger('dropped', { text, abnormal });
    }
  });
  picture.addEventListener('pointermove', (event) => { if (view) read(view.time(event.clientX - picture.getBoundingClientRect().left)); });
  picture.addEventListener('pointerleave', () => { if (view) read(null); });
  matrix.addEventListener('pointermove', (event) => { if (data) tellPair(pairAt(matrix, event, heatRows(data))); });
  matrix.addEventListener('pointerleave', () => { if (data) tellPair(null); });
  new ResizeObserver(() => { if (data && root.open) drawChosen(); }).observe(picture);
  new MutationObserver(() => { if (data) drawLikeness(); }).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  watch('value', receive);
  receive();
})(element);
