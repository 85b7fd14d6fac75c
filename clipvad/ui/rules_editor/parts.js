// Small things that every file of the editor uses; nothing here knows the state.

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

// Polygons of points in shares of the picture, for an <svg> of any size: numbers only, so that nothing needs escaping.
function polygons(shapes) {
  return shapes.filter(({ points }) => points.length).map(({ points, kind }) => {
    const corners = points.map(([x, y]) => `${Number(x)},${Number(y)}`).join(' ');
    return `<polygon class="${kind}" points="${corners}" vector-effect="non-scaling-stroke"/>`;
  }).join('');
}

function outline(points) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  for (const [name, value] of Object.entries({ viewBox: '0 0 1 1', preserveAspectRatio: 'none', 'aria-hidden': 'true' })) svg.setAttribute(name, value);
  svg.innerHTML = polygons([{ points, kind: 'zn-own' }]);
  return svg;
}

function unusedName(names) {
  let number = 1;
  while (names.includes(`zone ${number}`)) number++;
  return `zone ${number}`;
}
