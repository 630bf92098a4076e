// Pieces that several views use: tables, empty places, errors, remarks to the ear and to the eye.
import { h, t, foreign, mono, sign, signs } from './dom.js';
import { refusalAdvice } from './plain.js';
import { Refusal } from './api.js';

/**
 * A table with a caption and headed columns, each a name or `[name, class]`. The roles are written out because on a phone its rows are laid out as
 * cards, and browsers then forget that it is a table.
 */
export function table(caption, columns, rows, more = {}) {
  return h('table', { role: 'table', ...more },
    h('caption', null, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' },
      columns.map((one) => (Array.isArray(one) ? h(`th.${one[1]}`, { scope: 'col', role: 'columnheader' }, one[0])
        : h('th', { scope: 'col', role: 'columnheader' }, one))))),
    h('tbody', { role: 'rowgroup' }, rows));
}

export const row = (cells, more = {}) => h('tr', { role: 'row', ...more }, cells);
export const cell = (name, ...children) => h('td', { role: 'cell', class: name }, ...children);

/** A place where nothing is, with what to do about it. */
export const empty = (title, hint, ...more) =>
  h('div.empty', null, h('p.empty-title', null, title), hint ? h('p', null, hint) : null, ...more);

/** What stands where content will: of about its size, so that nothing jumps. */
export const placeholder = (lines = 6) => h('div.placeholder', { 'aria-hidden': 'true' },
  Array.from({ length: lines }, () => h('i')));

/** An error with the server's words and what to do; `again` offers another try. */
export function trouble(error, again) {
  const refusal = error instanceof Refusal ? error : null;
  return h('div.note.bad', { role: 'alert' },
    h('p.strong', null, refusal ? foreign(t(refusal.message, refusal.detail ?? refusal.message)) : String(error)),
    refusal?.field ? h('p', null, t('字段：', 'Field: '), mono(refusal.field)) : null,
    refusal?.detail && refusal.status < 500 && refusal.status !== 401 ? h('p.muted', null, mono(refusal.detail)) : null,
    refusal ? h('p', null, refusalAdvice(refusal)) : null,
    refusal?.status >= 500 && refusal.requestID
      ? h('p.muted', null, t('请求编号：', 'Request id: '), mono(refusal.requestID)) : null,
    again ? h('button', { type: 'button', onclick: again }, t('再试一次', 'Try again')) : null);
}

/** The error in one line. */
export function troubleText(error) {
  if (!(error instanceof Refusal)) return String(error);
  return `${t(error.message, error.detail ?? error.message)}${t('。', '. ')}${refusalAdvice(error)}`;
}

const remarkTime = 6000;

/** A short remark at the edge; an error stays until it is closed. */
export function remark(text, kind = 'ok') {
  const close = () => one.remove();
  const one = h('div.remark', { 'data-kind': kind }, h('span', null, text),
    h('button.plain', { type: 'button', 'aria-label': t('关闭', 'Close'), onclick: close }, sign(signs.close)));
  const host = document.getElementById('toasts');
  // A dialog covers everything outside of it.
  host.append(one);
  if (kind === 'ok') setTimeout(close, remarkTime);
}

let lastSaid = 0, waitingToSay = 0;
const breath = 5000;

/** Says something to those who listen, at most every five seconds; the last of several is what counts. */
export function announce(text) {
  clearTimeout(waitingToSay);
  waitingToSay = setTimeout(() => {
    lastSaid = Date.now();
    document.getElementById('announcer').textContent = text;
  }, Math.max(50, lastSaid + breath - Date.now()));
}

/** An id with a button that copies it. */
export function copyable(text) {
  const button = h('button.plain', {
    type: 'button', 'data-key': 'copy', 'aria-label': t('复制编号', 'Copy the id'),
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(text);
        remark(t('已复制', 'Copied'));
      } catch {
        remark(t('浏览器不允许复制，请手动选择', 'The browser does not allow it: select by hand'), 'bad');
      }
    },
  }, sign(signs.copy));
  return h('span.copyable', null, mono(text), button);
}

/** A choice of one among a few, as buttons side by side. */
export function segments(label, options, chosen, choose) {
  const buttons = options.map(([value, text]) => h('button', {
    type: 'button', 'aria-pressed': String(value === chosen), 'data-key': `segment-${value}`,
    onclick: () => {
      buttons.forEach((one, index) => one.setAttribute('aria-pressed', String(options[index][0] === value)));
      choose(value);
    },
  }, text));
  return h('div.segments', { role: 'group', 'aria-label': label }, buttons);
}

/** A labelled control. `hint` stands below it and is read with it. */
let controls = 0;
export function field(label, control, hint) {
  const id = control.id || `control-${controls += 1}`;
  control.id = id;
  if (hint) control.setAttribute('aria-describedby', `${id}-hint`);
  return h('div.field', null, h('label', { for: id }, label), control,
    hint ? h('p.hint', { id: `${id}-hint` }, hint) : null);
}

export const select = (options, chosen, more = {}) => h('select', more,
  options.map(([value, text]) => h('option', { value, selected: value === chosen }, text)));

/** Runs what a button starts: the button rests meanwhile, and an error is told. */
export async function busy(button, work) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  try { await work(); } catch (error) { remark(troubleText(error), 'bad'); } finally {
    button.removeAttribute('aria-disabled');
  }
}
