// How alike the sentences are: one pixel a pair, abnormal ones first, the browser makes the pixels large.

// rows: indices of the sentences, abnormal first. Returns the ends of the colour scale.
function drawMatrix(canvas, data, rows) {
  const count = rows.length, paint = rgb(getComputedStyle(canvas).getPropertyValue('--cv-accent').trim());
  const off = rows.flatMap((a) => rows.filter((b) => b !== a).map((b) => cosineOf(data, a, b)));
  const low = off.length ? Math.min(...off) : 0;
  const image = new ImageData(Math.max(1, count), Math.max(1, count));
  rows.forEach((a, y) => rows.forEach((b, x) => {
    const part = clamp((cosineOf(data, a, b) - low) / Math.max(1e-6, 1 - low), 0, 1);
    image.data.set([paint[0], paint[1], paint[2], Math.round(255 * part)], (y * count + x) * 4);
  }));
  canvas.width = image.width;
  canvas.height = image.height;
  canvas.getContext('2d').putImageData(image, 0, 0);
  return [low, 1];
}

const cosineOf = (data, a, b) => data.alike[a * data.sentences.length + b] / 32767;

// The pair under the pointer, as indices of sentences, or null.
function pairAt(canvas, event, rows) {
  const area = canvas.getBoundingClientRect(), count = rows.length;
  const x = Math.floor(((event.clientX - area.left) / area.width) * count);
  const y = Math.floor(((event.clientY - area.top) / area.height) * count);
  return x >= 0 && y >= 0 && x < count && y < count ? [rows[y], rows[x]] : null;
}
