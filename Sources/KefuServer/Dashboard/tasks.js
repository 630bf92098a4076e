// Tasks, found by id, customer, keyword, state, type, priority or creator. What is asked for stands in the address, so
// that it can be kept and sent to others.
import { h, t, swap } from './dom.js';
import { get, taskPath, Refusal } from './api.js';
import { live } from './live.js';
import { empty, field, select, trouble } from './parts.js';
import { number } from './time.js';
import { priorities, priorityTerm, statuses, statusTerm } from './terms.js';
import { taskRows } from './rows.js';
import { walk } from './pages.js';

const pageLength = 50;
const names = ['q', 'customer_id', 'status', 'priority', 'type', 'created_by'];

export function open(host, { params, signal }) {
  const asked = Object.fromEntries(names.map((name) => [name, params.get(name) ?? '']));
  const isFiltered = names.some((name) => asked[name]);
  const rows = taskRows({ caption: t('任务，最新的在前', 'Tasks, newest first'), signal });
  const place = h('div', null, rows.element);
  const below = h('div.below');
  const fresh = freshNote(rows, signal, isFiltered);
  rows.element.hidden = true;
  host.append(h('h1', { tabindex: -1 }, t('任务', 'Tasks')), form(asked, isFiltered), fresh,
    h('section.card.flush', { 'aria-label': t('结果', 'Results') }, place, below));
  const filters = Object.fromEntries(Object.entries(asked).filter(([, value]) => value));
  const list = walk('/api/task/list', 'tasks', filters);
  let stop = null;
  const more = async () => {
    stop = new AbortController();
    const page = stop;
    signal.addEventListener('abort', () => page.abort());
    swap(below, searching(rows, () => stop.abort()));
    try {
      await list.more(pageLength, (piece) => {
        rows.add(piece);
        rows.element.hidden = rows.size === 0;
        swap(below, searching(rows, () => stop.abort()));
      }, page.signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!page.signal.aborted) return swap(below, trouble(error, more));
    }
    if (!signal.aborted) swap(below, end(rows, list, more, isFiltered));
  };
  return exact(asked, rows, signal).then(more);
}

const searching = (rows, stop) => h('p.searching', { role: 'status' }, h('i.spin', { 'aria-hidden': 'true' }),
  rows.size > 0 ? t(`已找到 ${number(rows.size)} 个，仍在搜索…`, `${number(rows.size)} found, still searching…`)
    : t('正在搜索…', 'Searching…'),
  h('button', { type: 'button', 'data-key': 'stop', onclick: stop }, t('停止', 'Stop')));

function end(rows, list, more, isFiltered) {
  if (rows.size === 0 && list.isAtEnd) {
    return isFiltered
      ? empty(t('没有符合条件的任务', 'No task meets this'), t('减少一个条件，或检查编号的写法（区分大小写）。',
        'Drop a condition, or check the spelling: ids are compared letter by letter.'),
      h('p', null, h('a.button', { href: '#/tasks' }, t('清除条件', 'Clear'))))
      : empty(t('还没有任务', 'No tasks yet'), t('天网下达的任务会出现在这里。', 'Tasks that are issued appear here.'),
        h('p', null, h('a.button', { href: '#/try' }, t('发一个测试任务', 'Send a test task'))));
  }
  return h('p.searching', null, list.isAtEnd
    ? t(`共 ${number(rows.size)} 个，已到末尾`, `${number(rows.size)} in all`)
    : [t(`已显示 ${number(rows.size)} 个`, `${number(rows.size)} shown`),
      h('button', { type: 'button', 'data-key': 'more', id: 'more', onclick: more }, t('继续显示', 'Show more'))]);
}

/** A whole id finds its task at once, however many newer ones there are. */
async function exact(asked, rows, signal) {
  if (!asked.q || /\s/.test(asked.q)) return;
  try {
    const task = await get(taskPath(asked.q), { signal });
    const fits = names.every((name) => name === 'q' || !asked[name] || task[name] === asked[name]);
    if (fits) {
      rows.add([task]);
      rows.element.hidden = false;
    }
  } catch (error) {
    // No such id is the usual case; the list tells of every other trouble.
    if (!(error instanceof Refusal)) throw error;
  }
}

/** Says that there are newer tasks, instead of pushing them in above what is being read. */
function freshNote(rows, signal, isFiltered) {
  const count = h('span');
  const note = h('p.fresh-note', { hidden: true }, count,
    h('button', { type: 'button', onclick: () => dispatchEvent(new Event('hashchange')) }, t('显示', 'Show')));
  let known = 0;
  live.addEventListener('task', ({ detail }) => {
    if (detail.cause !== 'accepted' || rows.has(detail.task_id)) return;
    known += 1;
    note.hidden = false;
    count.textContent = isFiltered ? t(`有 ${known} 个新任务，可能符合条件`, `${known} new tasks, which may fit`)
      : t(`有 ${known} 个新任务`, `${known} new tasks`);
  }, { signal });
  return note;
}

function form(asked, isFiltered) {
  const any = [['', t('全部', 'any')]];
  const text = (name, label, more = {}) => field(label,
    h('input', { name, value: asked[name], autocomplete: 'off', spellcheck: 'false', ...more }));
  const search = text('q', t('编号、关键词或消息', 'Id, keyword or message'), { type: 'search', id: 'search' });
  const details = h('details.more', { open: Boolean(asked.type || asked.created_by || asked.priority) },
    h('summary', null, t('更多条件', 'More conditions')),
    h('div.fields', null,
      field(t('优先级', 'Priority'), select([...any, ...priorities.map((one) => [one, priorityTerm(one)])], asked.priority,
        { name: 'priority' })),
      text('type', t('任务类型', 'Type')), text('created_by', t('下达人', 'Issued by'))));
  const whole = h('form.search.card', {
    role: 'search', onsubmit: (event) => {
      event.preventDefault();
      const query = new URLSearchParams();
      for (const name of names) {
        const value = whole.elements[name].value.trim();
        if (value) query.set(name, value);
      }
      const next = `#/tasks${query.size > 0 ? `?${query}` : ''}`;
      if (location.hash === next) dispatchEvent(new Event('hashchange'));
      else location.hash = next;
    },
  }, h('div.fields', null, search, text('customer_id', t('客户编号', 'Customer id')),
    field(t('状态', 'State'), select([...any, ...statuses.map((one) => [one, statusTerm(one)])], asked.status,
      { name: 'status', onchange: () => whole.requestSubmit() })),
    h('div.buttons', null, h('button.primary', { type: 'submit' }, t('搜索', 'Search')),
      isFiltered ? h('a.button', { href: '#/tasks' }, t('清除', 'Clear')) : null)), details);
  return whole;
}
