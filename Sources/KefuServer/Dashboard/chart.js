// Line charts of our own: an SVG for the eye, with a value under the pointer, and the same figures as a table for
// everybody else. Drawn at the width it gets, and again when that changes.
import { h, s, t, swap } from './dom.js';
import { number } from './time.js';
import { table, row, cell } from './parts.js';

const height = 168, top = 12, bottom = 24, left = 40, right = 12;

/**
 * @param {object} options `title`; `series`: `[{name, values}]`, the n-th drawn as `.s<n>`; `labels`: of each point,
 * short; `signal`: the end of the view.
 */
export function chart({ title, signal }) {
  const picture = h('div.picture');
  const legend = h('ul.legend');
  const figures = h('div.scroll');
  let series = [], labels = [];
  const details = h('details.figures', { ontoggle: () => details.open && drawTable() },
    h('summary', null, t('以表格查看', 'As a table')), figures);
  const element = h('figure.chart', null, h('figcaption', null, h('h3', null, title), legend), picture, details);
  const draw = () => { if (picture.clientWidth > 0) swap(picture, drawing(title, series, labels, picture.clientWidth)); };
  const drawTable = () => swap(figures, table(title, [t('时间', 'Time'), ...series.map((one) => [one.name, 'figure'])],
    labels.map((label, n) => row([
      h('th', { scope: 'row', role: 'rowheader' }, label), series.map((one) => cell('figure', number(one.values[n]))),
    ])).reverse()));
  const watch = new ResizeObserver(draw);
  watch.observe(picture);
  signal.addEventListener('abort', () => watch.disconnect());
  return {
    element,
    show(newSeries, newLabels) {
      [series, labels] = [newSeries, newLabels];
      swap(legend, series.map((one, n) => h('li', null, h(`i.s${n}`, { 'aria-hidden': 'true' }), one.name)));
      draw();
      if (details.open) drawTable();
    },
  };
}

/** The next of 1, 2, 5 × 10ⁿ that is a nice top of an axis. */
export function niceTop(value) {
  if (value <= 4) return 4;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((factor) => factor * unit).find((one) => one >= value);
}

const short = (value) => (value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : String(value));

function drawing(title, series, labels, width) {
  const count = labels.length;
  const peak = Math.max(0, ...series.flatMap((one) => one.values));
  const ceiling = niceTop(peak);
  const x = (n) => left + (width - left - right) * (count > 1 ? n / (count - 1) : 1);
  const y = (value) => top + (height - top - bottom) * (1 - value / ceiling);
  const sums = series.map((one) => `${one.name} ${number(one.values.reduce((a, b) => a + b, 0))}`).join(t('，', ', '));
  const svg = s('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img',
    'aria-label': t(`${title}。合计：${sums}`, `${title}. In all: ${sums}`) });
  for (let n = 0; n <= 4; n += 1) {
    const value = ceiling * n / 4;
    svg.append(s('line.grid', { x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      s('text.axis', { x: left - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)));
  }
  const steps = Math.max(1, Math.min(6, Math.floor(width / 110)));
  for (let n = 0; n <= steps; n += 1) {
    const index = Math.round((count - 1) * n / steps);
    if (labels[index]) {
      svg.append(s('text.axis', { x: x(index), y: height - 6,
        'text-anchor': n === 0 ? 'start' : n === steps ? 'end' : 'middle' }, labels[index]));
    }
  }
  series.forEach((one, n) => {
    const points = one.values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
    if (points.length === 0) return;
    if (n === 0) {
      svg.append(s('path.area', { d: `M${x(0)},${y(0)}L${points.join('L')}L${x(count - 1)},${y(0)}Z` }));
    }
    svg.append(s(`path.line.s${n}`, { d: `M${points.join('L')}` }));
  });
  follow(svg, series, labels, x, y, width);
  return svg;
}

/** Shows the values under the pointer. */
function follow(svg, series, labels, x, y, width) {
  if (labels.length === 0) return;
  const mark = s('g.mark', { visibility: 'hidden' });
  svg.append(mark);
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const part = ((event.clientX - box.left) * width / box.width - left) / (width - left - right);
    const n = Math.max(0, Math.min(labels.length - 1, Math.round(part * (labels.length - 1))));
    const onLeft = x(n) > width / 2;
    const lines = [labels[n], ...series.map((one) => `${one.name} ${number(one.values[n])}`)];
    const at = x(n) + (onLeft ? -12 : 12);
    mark.replaceChildren(
      s('line', { x1: x(n), x2: x(n), y1: top, y2: height - bottom }),
      ...series.map((one, index) => s(`circle.s${index}`, { cx: x(n), cy: y(one.values[n]), r: 3.5 })),
      s('rect', { x: onLeft ? at - 124 : at - 8, y: top - 6, width: 132, height: lines.length * 17 + 10, rx: 8 }),
      ...lines.map((line, index) => s('text', {
        x: at, y: top + 12 + index * 17, 'text-anchor': onLeft ? 'end' : 'start',
      }, line)));
    mark.setAttribute('visibility', 'visible');
  });
  svg.addEventListener('pointerleave', () => mark.setAttribute('visibility', 'hidden'));
}
