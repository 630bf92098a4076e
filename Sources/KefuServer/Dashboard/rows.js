// A list of tasks that lives: each row shows one task and is read again when the stream says that it has changed.
import { h, t, foreign, mono, swap } from './dom.js';
import { get, taskLink, taskPath } from './api.js';
import { live } from './live.js';
import { announce, cell, row, table } from './parts.js';
import { ago } from './time.js';
import { priorityBadge, statusBadge } from './terms.js';
import { rowNote, rowWords } from './plain.js';

/** Changes of one row that come closer together than this are read once. */
const gathering = 200;

/** When a task last changed, as far as its record tells. */
const lastMoment = (task) => task.completed_at ?? task.triggered_at ?? task.created_at;

export const customerCell = (task) => [
  task.customer_name ? h('span.strong', null, foreign(task.customer_name)) : null,
  h('span', { class: task.customer_name ? 'sub' : undefined },
    h('a.quiet', { href: `#/tasks?customer_id=${encodeURIComponent(task.customer_id)}` }, mono(task.customer_id))),
];

function cells(task, extra) {
  return [
    cell('c-status', statusBadge(task.status)),
    h('th', { scope: 'row', role: 'rowheader', class: 'c-task' },
      h('a', { href: taskLink(task.task_id), 'data-key': `task-${task.task_id}` }, mono(task.task_id)),
      h('span.sub', null, priorityBadge(task.priority), foreign(task.type))),
    cell('c-customer', customerCell(task)),
    cell('c-words', h('span.clamp', null, rowWords(task)), h('span.sub', null, rowNote(task))),
    cell('c-time', ago(lastMoment(task))),
    extra ? cell('c-extra', extra(task)) : null,
  ];
}

/**
 * @param {object} options `caption`; `signal`: the end of the view; `extra`: a last cell of each row; `changed(task)`:
 * called with what a row shows from now on; null when the task is gone.
 */
export function taskRows({ caption, signal, extra, extraName, changed }) {
  const shown = new Map();
  const body = table(caption, [t('状态', 'State'), t('任务', 'Task'), t('客户', 'Customer'), t('等待什么／结果', 'Waits for / outcome'),
    t('最近变化', 'Last change'), ...(extra ? [extraName] : [])], [], { class: 'tasks' });
  const list = body.querySelector('tbody');
  const put = (task) => {
    const entry = shown.get(task.task_id);
    entry.task = task;
    swap(entry.row, cells(task, extra));
    entry.row.dataset.task = task.task_id;
    entry.row.dataset.status = task.status;
  };
  const read = async (id) => {
    const entry = shown.get(id);
    if (!entry) return;
    entry.timer = 0;
    try {
      const task = await get(taskPath(id), { signal });
      if (!shown.has(id)) return;
      put(task);
      changed?.(task);
    } catch (error) {
      // Gone by retention: the row stays as it was. Other troubles: the next change or reconnect reads it again.
      if (error.status === 404) changed?.(null);
    }
  };
  const readSoon = (id) => {
    const entry = shown.get(id);
    if (entry && !entry.timer) entry.timer = setTimeout(read, gathering, id);
  };
  live.addEventListener('task', ({ detail }) => {
    const entry = shown.get(detail.task_id);
    if (!entry) return;
    // The badge at once, the rest when it has been read.
    const badge = entry.row.querySelector('.badge');
    badge?.replaceWith(statusBadge(detail.status));
    entry.row.dataset.status = detail.status;
    entry.row.classList.remove('fresh');
    requestAnimationFrame(() => entry.row.classList.add('fresh'));
    announce(t(`任务 ${detail.task_id} 有变化`, `Task ${detail.task_id} has changed`));
    readSoon(detail.task_id);
  }, { signal });
  live.addEventListener('gap', () => [...shown.keys()].forEach(readSoon), { signal });
  return {
    element: body,
    get size() { return shown.size; },
    ids: () => [...shown.keys()],
    task: (id) => shown.get(id)?.task,
    has: (id) => shown.has(id),
    add(tasks) {
      for (const task of tasks) {
        if (shown.has(task.task_id)) continue;
        const element = row([]);
        shown.set(task.task_id, { row: element, task, timer: 0 });
        list.append(element);
        put(task);
      }
    },
    remove(id) {
      shown.get(id)?.row.remove();
      shown.delete(id);
    },
    clear() {
      shown.clear();
      list.replaceChildren();
    },
  };
}
