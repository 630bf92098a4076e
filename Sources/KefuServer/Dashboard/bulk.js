// Many of the same at once: asks first with the count, goes through them a few at a time, shows how far it is, can be
// stopped, and sums up at the end with the reason of each that was refused.
import { h, t, mono, swap } from './dom.js';
import { patiently } from './api.js';
import { ask } from './dialogs.js';
import { remark, troubleText } from './parts.js';
import { number } from './time.js';

/** So many requests are under way at once. */
const width = 4;
/** So many refusals are listed. */
const listed = 20;

/**
 * @param {object} options `title`, `confirm`, `explain`: texts; `items`: what is gone through; `name(item)`: what an
 * item is called; `act(item)`: does one. Resolves when the person has closed the summary, to whether anything was done.
 */
export function bulk({ title, confirm, explain, items, name, act }) {
  return ask({
    title, confirm,
    body: [h('p.big', null, number(items.length)), h('p', null, explain)],
    send: async () => undefined,
  }).then((isConfirmed) => (isConfirmed ? run({ title, items, name, act }) : false));
}

async function run({ title, items, name, act }) {
  let done = 0;
  const refused = [];
  const stop = new AbortController();
  const bar = h('progress', { max: items.length, value: 0, 'aria-label': title });
  const told = h('p', { role: 'status' });
  const summary = h('div');
  const button = h('button', { type: 'button', onclick: () => (stop.signal.aborted || isOver ? dialog.close() : stop.abort()) },
    t('停止', 'Stop'));
  let isOver = false;
  const dialog = h('dialog', {
    'aria-labelledby': 'bulk-title',
    oncancel: (event) => {
      if (isOver) return;
      event.preventDefault();
      stop.abort();
    },
  }, h('h2', { id: 'bulk-title' }, title), bar, told, summary, h('div.buttons', null, button));
  document.body.append(dialog);
  dialog.showModal();
  const show = () => {
    bar.value = done + refused.length;
    const text = t(`已处理 ${number(bar.value)}／${number(items.length)}`, `${number(bar.value)} of ${number(items.length)}`);
    if (told.textContent !== text) told.textContent = text;
  };
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) {
      if (stop.signal.aborted) return;
      try {
        await patiently(() => act(item), { signal: stop.signal });
        done += 1;
      } catch (error) {
        refused.push([name(item), troubleText(error)]);
      }
      show();
    }
  };
  show();
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  isOver = true;
  const left = items.length - done - refused.length;
  swap(summary, h('p.strong', { id: 'bulk-result' }, t(`成功 ${number(done)}，失败 ${number(refused.length)}`,
    `${number(done)} done, ${number(refused.length)} refused`), left > 0 ? t(`，未处理 ${number(left)}`, `, ${number(left)} left`) : ''),
  refused.length > 0 ? h('ul.refused', null, refused.slice(0, listed).map(([which, why]) =>
    h('li', null, mono(which), h('br'), why))) : null,
  refused.length > listed ? h('p.muted', null, t(`另有 ${refused.length - listed} 个`, `and ${refused.length - listed} more`)) : null);
  swap(button, t('关闭', 'Close'));
  button.focus();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (refused.length === 0) remark(t(`已处理 ${number(done)} 个`, `${number(done)} done`));
      resolve(true);
    });
  });
}
