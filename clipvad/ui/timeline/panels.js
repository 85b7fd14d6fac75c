// Panels: why the shown frame scored as it did, and the list of events. User text goes in as text, never as HTML.

// The sentence as nodes, words the encoder has never seen marked.
function sentenceNodes(sentence) {
  const unknown = new Set(sentence.unknown.map((word) => word.toLowerCase()));
  if (!unknown.size) return [document.createTextNode(sentence.text)];
  return sentence.text.split(/([\p{L}\p{N}'’-]+)/u).filter(Boolean).map((part) => {
    if (!unknown.has(part.toLowerCase())) return document.createTextNode(part);
    const mark = document.createElement('span');
    mark.className = 'cv-unknown';
    mark.textContent = part;
    mark.title = 'The encoder has never seen this word: it adds nothing it can understand.';
    return mark;
  });
}

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function createWhy(root, video) {
  const list = root.querySelector('.cv-list'), total = root.querySelector('.cv-why-score'), single = root.querySelector('.cv-why-raw');
  const crop = root.querySelector('.cv-crop'), seenText = root.querySelector('.cv-seen-text'), columns = root.querySelector('.cv-cols');
  let shown = null, items = [];

  function build(model) {
    items = model.sentences.map((sentence) => {
      const bar = make('span', 'cv-bar-fill'), share = make('span', 'cv-share'), cosine = make('span', 'cv-cos');
      const item = make('li', sentence.abnormal ? 'abnormal' : 'normal',
        make('span', 'cv-side'), make('span', 'cv-sentence', ...sentenceNodes(sentence)), share, cosine, bar);
      item.firstChild.setAttribute('aria-label', sentence.abnormal ? 'abnormal' : 'normal');
      item.firstChild.setAttribute('role', 'img');
      item.title = `${sentence.abnormal ? 'Abnormal' : 'Normal'}${sentence.category ? ', ' + sentence.category : ''}`;
      return { item, bar, share, cosine };
    });
  }

  function drawCrop(model, best) {
    if (video.readyState < 2 || video.seeking) return; // the picture is not there yet: keep the last one
    const pen = crop.getContext('2d');
    pen.fillStyle = '#0b0f10';
    pen.fillRect(0, 0, crop.width, crop.height);
    const [x1, y1, x2, y2] = best ? best.box : [0, 0, 1, 1];
    const margin = best ? 0.12 : 0, padX = (x2 - x1) * margin, padY = (y2 - y1) * margin;
    const sx = Math.max(0, x1 - padX) * video.videoWidth, sy = Math.max(0, y1 - padY) * video.videoHeight;
    const sw = Math.min(1, x2 + padX) * video.videoWidth - sx, sh = Math.min(1, y2 + padY) * video.videoHeight - sy;
    if (!(sw > 0 && sh > 0)) return;
    const scale = Math.min(crop.width / sw, crop.height / sh);
    pen.drawImage(video, sx, sy, sw, sh, (crop.width - sw * scale) / 2, (crop.height - sh * scale) / 2, sw * scale, sh * scale);
  }

  function describe(model, i, best, classes) {
    if (model.mode === 'frame') return classes ? 'The whole frame, by the classes of the head.' : 'The whole frame was compared with every sentence.';
    if (!best) return 'No object in this frame: its score is 0.';
    const count = boxesAt(model, i).length;
    const track = best.track >= 0 ? `, track ${best.track}` : '';
    return `${best.name} ${best.confidence.toFixed(2)}${track}; the highest of ${count} ${count === 1 ? 'object' : 'objects'}.`;
  }

  function clear(text) {
    list.replaceChildren();
    shown = null;
    seenText.textContent = text;
    crop.hidden = true;
  }

  return function show(model, i, threshold) {
    if (!model) { total.textContent = single.textContent = ''; clear('Here stand the sentences, most likely first, for the frame in view.'); return; }
    const score = scoreAt(curveOf(model), i), raw = curveOf(model) && i >= 0 ? curveOf(model).score[i] / U16 : NaN;
    total.textContent = Number.isNaN(score) ? '' : score.toFixed(2);
    total.classList.toggle('over', score >= threshold);
    single.textContent = Number.isNaN(raw) ? '' : `this frame ${raw.toFixed(2)}, smoothed`;
    if (!model.sentences.length) {
      clear(model.running ? `Sentences follow ${soon(model)}.` : '');
      return;
    }
    if (shown !== model.sentences) { build(model); shown = model.sentences; }
    const best = model.mode === 'object' ? boxesAt(model, i).find((one) => one.winner) : null;
    crop.hidden = false;
    drawCrop(model, best);
    const seen = sentencesAt(model, i).filter((one, _, all) => one.cosine !== null || all.some(({ p }) => p > 0));
    const classes = seen.length > 0 && seen.every((one) => one.cosine === null); // a trained head compares no sentences
    columns.children[0].textContent = classes ? 'Class' : 'Sentence';
    columns.children[2].textContent = classes ? '' : 'cos';
    seenText.textContent = describe(model, i, best, classes);
    list.replaceChildren(...seen.map(({ index, p, cosine }) => {
      const one = items[index];
      one.bar.style.width = (p * 100).toFixed(1) + '%';
      one.share.textContent = percent(p);
      one.cosine.textContent = cosine === null ? '' : cosine.toFixed(3);
      return one.item;
    }));
  };
}

// play(event) is called for a click on a row.
function createEvents(root, grabber, play) {
  const rows = root.querySelector('.cv-rows'), count = root.querySelector('[data-testid="event-count"]');
  let shown = null, buttons = [];
  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      sight.unobserve(entry.target);
      const canvas = entry.target;
      grabber.get(Number(canvas.dataset.time), (picture) => {
        if (picture.width) { canvas.height = picture.height; canvas.getContext('2d').drawImage(picture, 0, 0); }
      });
    }
  });

  function row(event, number) {
    const thumb = make('canvas', 'cv-thumb');
    thumb.width = 160; thumb.height = 90;
    thumb.dataset.time = event.peak_s;
    const what = make('span', 'cv-what', make('span', 'cv-event-sentence', event.sentence));
    if (event.category && event.category !== event.sentence) what.append(make('span', 'cv-category', event.category));
    const times = `${formatTime(event.start_s, 1)} – ${formatTime(event.end_s, 1)}`;
    const button = make('button', 'cv-event', thumb, make('span', 'cv-when', times),
      make('span', 'cv-peak', event.peak.toFixed(2)), what);
    button.type = 'button';
    button.setAttribute('data-testid', 'event');
    button.setAttribute('aria-label', `Event ${number + 1}, ${times}, peak ${event.peak.toFixed(2)}, ${event.sentence}. Play.`);
    button.addEventListener('click', () => play(event));
    sight.observe(thumb);
    return button;
  }

  return {
    show(model) {
      if (!model) { rows.replaceChildren(make('p', 'cv-none', 'None yet.')); count.textContent = ''; shown = null; return; }
      const events = eventsOf(model), key = model.video.url + JSON.stringify(events);
      count.textContent = model.running ? '' : String(events.length);
      if (key === shown && !model.running) return;
      shown = key;
      sight.disconnect();
      buttons = events.map(row);
      const empty = model.running ? `Events appear ${soon(model)}.`
        : 'Nothing reached the threshold. Lower it to see near misses, or edit the sentences.';
      rows.replaceChildren(...(buttons.length ? buttons : [make('p', 'cv-none', empty)]));
    },
    mark(model, t) {
      eventsOf(model).forEach((event, i) => {
        if (buttons[i]) buttons[i].toggleAttribute('data-now', t >= event.start_s && t < event.end_s);
      });
    },
  };
}
