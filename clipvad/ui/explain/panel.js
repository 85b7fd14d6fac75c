// The panel: asks for the frame at the timeline's playhead, shows the answer. User text goes in as text, never as HTML.

(function start(host) {
  const root = host.querySelector('.ex'), find = (selector) => root.querySelector(selector);
  const go = find('.ex-go'), cancel = find('.ex-cancel'), status = find('.ex-status'), select = find('.ex-sentence'), heat = find('.ex-heat');
  let what = 'map', data = null, maps = [], wanted = '', followed = null, chose = false;

  const timeline = () => document.querySelector('#pg-timeline [data-testid=timeline]');
  const playhead = () => Number(timeline()?.dataset.time) || 0;

  function make(tag, className, ...children) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children);
    return node;
  }

  function setState(state) {
    root.dataset.state = state;
    cancel.hidden = state !== 'working';
    find('.ex-progress').hidden = state !== 'working';
  }

  function writeButtons() {
    go.textContent = `Explain the frame at ${formatTime(playhead(), 1)}`;
    for (const button of root.querySelectorAll('[data-what]')) button.setAttribute('aria-pressed', String(button.dataset.what === what));
  }

  function ask() {
    const state = timeline()?.dataset.state;
    if (state !== 'shown') {
      status.textContent = state === 'running' ? 'The analysis is running. Ask again when it is done.' : 'Analyse a clip first.';
      return;
    }
    status.textContent = 'Asked.';
    find('.ex-progress span').style.width = '0';
    setState('working');
    trigger('explain', { what, t_s: playhead() });
  }

  // Attributes of the timeline: what it shows now, and `ready`, which counts what it took.
  function follow() {
    const shown = timeline();
    if (!shown || followed === shown) return;
    followed = shown;
    if (!chose) what = shown.dataset.mode === 'object' ? 'boxes' : 'map';
    new MutationObserver((changes) => {
      if (!root.open) return;
      writeButtons();
      if (data && changes.some((change) => change.attributeName === 'data-ready')) status.textContent = 'Scored again since: explain again to see what changed.';
    }).observe(shown, { attributes: true, attributeFilter: ['data-time', 'data-ready'] });
  }

  function drawMap() {
    const index = Number(select.value), scale = root.querySelectorAll('.ex-scale span');
    wanted = data.sentences[index].text;
    const top = drawHeat(heat, maps[index], data.columns, data.rows);
    scale[1].textContent = String(Number((top / 2).toPrecision(2)));
    scale[2].textContent = `${top}${top < 1 ? '' : ' (all)'}`;
    root.dataset.largest = (Math.max(...maps[index]) / U16).toFixed(4);
    read(null);
  }

  function read(event) {
    const values = maps[Number(select.value)];
    if (!event) {
      const at = values.indexOf(Math.max(...values)), across = ((at % data.columns) + 0.5) / data.columns, down = (Math.floor(at / data.columns) + 0.5) / data.rows;
      const place = [down < 1 / 3 ? 'top' : down > 2 / 3 ? 'bottom' : '', across < 1 / 3 ? 'left' : across > 2 / 3 ? 'right' : ''].filter(Boolean).join(' ') || 'middle';
      find('.ex-reading').textContent = `Largest: ${(values[at] / U16).toFixed(2)}, ${place}. Point at the picture for its numbers.`;
      return;
    }
    const area = heat.getBoundingClientRect();
    const x = clamp(Math.floor(((event.clientX - area.left) / area.width) * data.columns), 0, data.columns - 1);
    const y = clamp(Math.floor(((event.clientY - area.top) / area.height) * data.rows), 0, data.rows - 1);
    const cell = y * data.columns + x, best = maps.reduce((top, one, index) => (one[cell] > maps[top][cell] ? index : top), 0);
    find('.ex-reading').textContent = `Here ${(values[cell] / U16).toFixed(2)}. Most here: “${data.sentences[best].text}”, ${(maps[best][cell] / U16).toFixed(2)}.`;
  }

  function showMap() {
    const all = unpack(data.maps, Uint16Array), cells = data.columns * data.rows;
    maps = data.sentences.map((_, index) => all.subarray(index * cells, (index + 1) * cells));
    const options = data.sentences.map((sentence, index) => {
      const option = make('option', '', `${sentence.abnormal ? '▲' : '●'} ${sentence.text}`);
      option.value = index;
      return option;
    });
    const abnormal = options.filter((_, index) => data.sentences[index].abnormal);
    select.replaceChildren(...abnormal, ...options.filter((option) => !abnormal.includes(option)));
    const find_ = (text) => data.sentences.findIndex((sentence) => sentence.text === text);
    select.value = String(Math.max(0, find_(wanted) >= 0 ? find_(wanted) : find_(data.chosen)));
    drawMap();
  }

  function guess({ sentence, share, cosine }) {
    const { text, abnormal } = data.sentences[sentence];
    const row = make('div', `ex-guess${abnormal ? ' ex-bad' : ''}`, make('span', '', text), make('span', '', percent(share)), make('span', '', cosine.toFixed(3)));
    row.style.setProperty('--ex-part', share);
    return row;
  }

  function showBoxes() {
    const layer = find('.ex-boxes');
    drawBoxesOver(layer, data);
    const rows = data.boxes.map((one, index) => {
      const what = make('span', '', one.track >= 0 ? `${one.name}, track ${one.track}` : one.name);
      what.title = `The detector's confidence: ${one.confidence.toFixed(2)}`;
      const row = make('li', `ex-object${one.score >= data.threshold ? ' ex-abnormal' : ''}`,
        make('header', '', make('b', '', String(index + 1)), what, make('i', '', `score ${one.score.toFixed(2)}`)), ...one.top.map(guess));
      row.addEventListener('pointerenter', () => layer.children[index].classList.add('ex-lit'));
      row.addEventListener('pointerleave', () => layer.children[index].classList.remove('ex-lit'));
      return row;
    });
    find('.ex-columns').hidden = !rows.length;
    find('.ex-objects').replaceChildren(...(rows.length ? rows : [make('li', 'ex-hint', 'No object was found in this frame: its score is 0.')]));
  }

  function receive() {
    const value = props.value;
    if (!value || !value.kind) return;
    if (value.kind === 'note') { status.textContent = value.text; setState(data ? 'shown' : 'idle'); return; }
    if (value.kind === 'working') {
      setState('working');
      status.textContent = value.text;
      find('.ex-progress span').style.width = `${Math.round(value.fraction * 100)}%`;
      return;
    }
    data = value;
    root.dataset.shows = value.kind;
    find('.ex-picture').src = value.picture;
    find('.ex-when').textContent = formatTime(value.t_s, 2);
    find('.ex-body').hidden = false;
    status.textContent = value.kind === 'map' ? `${value.crops} crops` : '';
    if (value.kind === 'map') showMap(); else showBoxes();
    setState('shown');
  }

  root.addEventListener('toggle', () => { follow(); writeButtons(); });
  root.addEventListener('click', (event) => {
    const clicked = event.target.closest('button');
    if (!clicked) return;
    if (clicked.dataset.what) { what = clicked.dataset.what; chose = true; writeButtons(); ask(); }
    else if (clicked === go) ask();
    else if (clicked === cancel) trigger('cancel', {});
  });
  select.addEventListener('change', drawMap);
  heat.addEventListener('pointermove', (event) => { if (maps.length) read(event); });
  heat.addEventListener('pointerleave', () => { if (maps.length) read(null); });
  watch('value', receive);
  receive();
})(element);
