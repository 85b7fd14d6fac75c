// What lies over the picture: the map as a small image that the browser enlarges, or the boxes. Pure of state.

const INFERNO = ['000004', '1b0c41', '4a0c6b', '781c6d', 'a52c60', 'cf4446', 'ed6925', 'fb9b06', 'f7d13d', 'fcffa4']
  .map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)));
const TOPS = [0.05, 0.1, 0.2, 0.5, 1];
const LEAST = 0.1, MOST = 0.82; // opacity of the smallest and the largest value: the picture shows through

function infernoAt(part) {
  const place = clamp(part, 0, 1) * (INFERNO.length - 1), i = Math.min(Math.floor(place), INFERNO.length - 2);
  return INFERNO[i].map((low, channel) => low + (INFERNO[i + 1][channel] - low) * (place - i));
}

// Draws values [rows * columns] of 0 to 65535; returns the number at the scale's upper end.
function drawHeat(canvas, values, columns, rows) {
  const largest = values.reduce((top, value) => Math.max(top, value), 0) / U16;
  const top = TOPS.find((one) => one >= largest - 1e-4) || 1;
  const image = new ImageData(columns, rows);
  values.forEach((value, at) => {
    const part = clamp(value / U16 / top, 0, 1);
    image.data.set([...infernoAt(part), 255 * (LEAST + (MOST - LEAST) * part)], at * 4);
  });
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext('2d').putImageData(image, 0, 0);
  return top;
}

// Numbered boxes over a picture of the given size; abnormal: the object's score reaches the threshold.
function drawBoxesOver(svg, { boxes, width, height, threshold }) {
  const draw = (tag, attributes, text = '') => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  };
  const size = Math.max(width, height) / 36;
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.replaceChildren(...boxes.map(({ box, score }, index) => {
    const [x1, y1, x2, y2] = [box[0] * width, box[1] * height, box[2] * width, box[3] * height];
    const group = draw('g', { class: score >= threshold ? 'ex-abnormal' : '' });
    const above = y1 > size * 1.2;
    group.append(draw('rect', { x: x1, y: y1, width: x2 - x1, height: y2 - y1 }),
      draw('text', { x: x1 + 2, y: above ? y1 - size * 0.25 : y1 + size, 'font-size': size }, `${index + 1} · ${score.toFixed(2)}`));
    return group;
  }));
}
