// A row of buttons. A click asks the server for one file; its answer is a place to fetch it from.
const holder = element.querySelector('.dl-buttons');
let saved = null;

function draw() {
  const value = props.value || {};
  if (!holder.children.length || holder.dataset.kinds !== JSON.stringify(value.kinds)) {
    holder.dataset.kinds = JSON.stringify(value.kinds);
    holder.replaceChildren(...Object.entries(value.kinds || {}).map(([kind, [label, title]]) => {
      const button = document.createElement('button');
      Object.assign(button, { type: 'button', textContent: label, title });
      Object.assign(button.dataset, { kind, label });
      button.addEventListener('click', () => {
        button.classList.add('dl-working');
        button.disabled = true;
        trigger('wanted', { kind });
      });
      return button;
    }));
  }
  for (const button of holder.children) {
    const working = value.working === button.dataset.kind;
    button.classList.toggle('dl-working', working);
    button.disabled = !value.ready || Boolean(value.working);
    button.style.setProperty('--dl-done', working ? value.fraction : 0);
    button.textContent = working && value.fraction ? `${button.dataset.label} ${Math.round(value.fraction * 100)} %` : button.dataset.label;
  }
  if (value.url && value.id !== saved) {
    saved = value.id;
    const link = document.createElement('a');
    link.href = value.url;
    link.download = value.name;
    document.body.append(link);
    link.click();
    link.remove();
  }
}
watch('value', draw);
draw();
