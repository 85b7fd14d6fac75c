// Pictures of the examples. A click asks the server to open one; its answer says which is open.
const holder = element.querySelector('.ga-pictures');
const hint = element.querySelector('.ga-hint');

function picture({ name, title, poster }) {
  const button = document.createElement('button');
  const image = document.createElement('img');
  const caption = document.createElement('span');
  Object.assign(button, { type: 'button', title });
  Object.assign(image, { src: poster, alt: '' });
  caption.textContent = title;
  button.dataset.name = name;
  button.append(image, caption);
  button.addEventListener('click', () => trigger('chosen', { example: name }));
  return button;
}

function draw() {
  const { examples = [], open = null } = props.value || {};
  if (holder.children.length !== examples.length) holder.replaceChildren(...examples.map(picture));
  for (const button of holder.children) button.setAttribute('aria-pressed', String(button.dataset.name === open));
  const shown = examples.find(({ name }) => name === open);
  hint.hidden = !shown;
  hint.textContent = shown ? `Try: ${shown.hint}` : '';
}
watch('value', draw);
draw();
