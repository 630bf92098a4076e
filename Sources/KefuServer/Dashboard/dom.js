// How everything on the page is made: elements from values, never from markup. Text goes in as text nodes, so that
// nothing that a customer is called can become code; foreign text stands in <bdi>, so that it cannot turn its
// surroundings around either.

export const look = window.kefuLook;

/** The text in the chosen language. */
export const t = (chinese, english) => (look.language === 'en' ? english : chinese);

const properties = new Set(['value', 'checked', 'disabled', 'hidden', 'selected', 'open', 'htmlFor', 'onclick',
  'onsubmit', 'oninput', 'onchange', 'onkeydown', 'onclose', 'oncancel', 'ontoggle']);

/**
 * An element: `h('p.note', { id: 'a' }, 'text', other, [more], null)`. Members of `props` that are undefined, null or
 * false are left out; children likewise.
 */
export function h(name, props, ...children) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElement(tag), classes, props, children);
}

const svgSpace = 'http://www.w3.org/2000/svg';

/** The same for SVG. */
export function s(name, props, ...children) {
  const [tag, ...classes] = name.split('.');
  return fill(document.createElementNS(svgSpace, tag), classes, props, children);
}

function fill(element, classes, props, children) {
  if (props?.class) classes.push(props.class);
  if (classes.length > 0) element.setAttribute('class', classes.join(' '));
  for (const [key, value] of Object.entries(props ?? {})) {
    if (key === 'class' || value === undefined || value === null || value === false) continue;
    if (properties.has(key)) element[key] = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
}

/** Foreign text, isolated. `lang` is unknown, so none is claimed. */
export const foreign = (text) => h('bdi', null, String(text ?? ''));

/** An id or another text that is compared letter by letter. */
export const mono = (text) => h('bdi.mono', null, String(text ?? ''));

/**
 * Replaces what stands in the host. The focus stays with the element of the same `data-key`, or on the host's nearest
 * focusable ancestor, so that a live change never throws a keyboard user out.
 */
export function swap(host, ...children) {
  const focused = host.contains(document.activeElement) ? document.activeElement : null;
  const key = focused?.dataset?.key;
  host.replaceChildren(...flat(children));
  if (!focused) return;
  const again = key && [...host.querySelectorAll('[data-key]')].find((one) => one.dataset.key === key);
  (again ?? host.closest('[tabindex]'))?.focus({ preventScroll: true });
}

/** A drawn sign of 24 × 24 from one path. */
export function sign(path) {
  return s('svg.sign', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, s('path', { d: path }));
}

export const signs = {
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  close: 'M6 6l12 12M18 6 6 18',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zm5 12 5 5',
  back: 'M15 5l-7 7 7 7',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M5 19l1.4-1.4M17.6 6.4 19 5',
  moon: 'M20 14.5A8 8 0 1 1 9.5 4 6.5 6.5 0 0 0 20 14.5z',
  auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
  key: 'M15 4a5 5 0 1 1-4 8l-7 7v2h3v-2h2v-2h2l2-2a5 5 0 0 0 2 .1M16 8.5h.01',
};
