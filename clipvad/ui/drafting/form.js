// The form. What is typed lives here alone; the server says whether a draft runs, failed or is there to be reviewed.
const fields = root.querySelector('.dr-form');
const offer = props.offer;
let serial = null;
let begun = 0;
let clock = null;
let news = '';

function show(selector, text) {
  const node = root.querySelector(selector);
  node.hidden = !text;
  node.textContent = text || '';
}

function tick() {
  root.querySelector('.dr-news').textContent = `${news} · ${Math.floor((Date.now() - begun) / 1000)} s`;
}

function setRunning(on) {
  clearInterval(clock);
  if (on) {
    clock = setInterval(tick, 500);
    tick();
  }
  for (const field of fields.elements) if (field.matches('textarea')) field.readOnly = on;
  fields.elements.pictures.disabled = on;
  fields.querySelector('.dr-running').hidden = !on;
  fields.querySelector('.dr-solid').hidden = on;
  fields.querySelector('.dr-cancel').hidden = !on;
}

function introduce() {
  const { place, policy, forbidden, pictures } = fields.elements;
  place.maxLength = offer.max_place;
  forbidden.maxLength = offer.max_policy;
  policy.maxLength = offer.max_policy;
  policy.disabled = !offer.host;
  fields.querySelector('.dr-needs').hidden = Boolean(offer.host);
  pictures.closest('label').hidden = !offer.host;
  pictures.nextElementSibling.textContent =
    `Send up to ${offer.pictures} frames of this clip too. These pictures leave this machine and go to ${offer.host}.`;
  const who = offer.host
    ? `Written by ${offer.model}. What you write here goes to ${offer.host}, and nothing before you press Draft.`
    : 'No language model is configured: the preset of the library that fits best is the draft, and nothing leaves this machine. '
      + 'The operator configures one with OPENAI_API_KEY and CLIPVAD_LLM_MODEL (docs/drafting.md).';
  root.querySelector('.dr-who').textContent = offer.fault ? `${offer.fault} ${who}` : who;
}

function receive() {
  const value = props.value || {};
  if (value.serial === serial) return;
  serial = value.serial;
  setRunning(value.stage === 'running');
  news = value.note || '';
  if (value.stage === 'running') tick();
  for (const stage of ['form', 'review']) show(`.dr-${stage} .dr-error`, value.stage === stage && value.error);
  show('.dr-note', value.stage === 'form' && value.note);
  fields.hidden = value.stage === 'review';
  root.querySelector('.dr-review').hidden = value.stage !== 'review';
  if (value.suggestions) {
    suggestions = value.suggestions.map((one) => ({ ...one, ticked: one.usable && (one.kept || one.beside), mended: false }));
    root.querySelector('.dr-source').textContent = value.source;
    drawReview();
  }
  if (value.close) root.open = false;
}

fields.addEventListener('submit', (event) => {
  event.preventDefault();
  const { place, forbidden, policy, pictures } = fields.elements;
  show('.dr-form .dr-error', '');
  show('.dr-note', '');
  begun = Date.now();
  news = 'asking';
  setRunning(true);
  trigger('asked', { place: place.value, forbidden: forbidden.value, policy: policy.value, pictures: pictures.checked });
});
fields.querySelector('.dr-cancel').addEventListener('click', () => {
  news = 'stopping';
  tick();
  trigger('cancelled', {});
});
introduce();
watch('value', receive);
receive();
