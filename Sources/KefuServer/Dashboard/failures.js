// What has failed: tasks, and callbacks that were given up. One by one or many at once they can be sent again.
import { h, t, foreign, mono, swap } from './dom.js';
import { may, post, taskLink } from './api.js';
import { live } from './live.js';
import { busy, cell, empty, field, placeholder, remark, row, segments, select, table, trouble } from './parts.js';
import { ago, number } from './time.js';
import { errorTerm, statusBadge } from './terms.js';
import { taskRows } from './rows.js';
import { walk } from './pages.js';
import { bulk } from './bulk.js';

const pageLength = 50;
/** A walk that counts goes in steps of this. */
const countStep = 500;
const reasons = ['retries_exhausted', 'gateway_rejected', 'timeout', 'lost'];

export function open(host, { params, signal }) {
  const part = params.get('show') === 'callbacks' ? 'callbacks' : 'tasks';
  const place = h('div.view');
  host.append(h('h1', { tabindex: -1 }, t('失败', 'Failures')),
    segments(t('显示什么', 'Show'), [['tasks', t('失败的任务', 'Failed tasks')], ['callbacks', t('放弃的回调', 'Dead callbacks')]],
      part, (chosen) => { location.hash = chosen === 'tasks' ? '#/failures' : '#/failures?show=callbacks'; }), place);
  return part === 'tasks' ? failedTasks(place, params, signal) : deadCallbacks(place, signal);
}

const canRetry = (task) => task.status === 'failed' && Boolean(task.triggered_at);
const retry = (task) => post('/api/task/retry', { task_id: task.task_id });

async function failedTasks(host, params, signal) {
  const reason = params.get('reason') ?? '';
  const keeps = (task) => !reason || task.error_code === reason;
  const filters = { status: 'failed' };
  const rows = taskRows({
    caption: t('失败的任务，最新的在前', 'Failed tasks, newest first'), signal, extraName: t('处理', 'Mend'),
    extra: (task) => (may('tasks') && canRetry(task) ? h('button', {
      type: 'button', 'data-key': `retry-${task.task_id}`, 'aria-label': t(`重试 ${task.task_id}`, `Retry ${task.task_id}`),
      onclick: (event) => busy(event.currentTarget, () => retry(task)),
    }, t('重试', 'Retry')) : null),
    changed: () => undefined,
  });
  rows.element.hidden = true;
  const below = h('div.below', null, placeholder(6));
  const all = h('button.primary', { type: 'button', id: 'retry-all', hidden: !may('tasks'), onclick: (event) =>
    busy(event.currentTarget, async () => {
      const note = (count) => swap(counting, t(`正在清点：${number(count)}`, `Counting: ${number(count)}`));
      const found = await collect('/api/task/list', 'tasks', filters, (task) => keeps(task) && canRetry(task), note, signal);
      swap(counting);
      if (found.length === 0) return remark(t('没有可以重试的任务', 'Nothing can be retried'), 'bad');
      const isDone = await bulk({
        title: t('重试失败的任务', 'Retry failed tasks'), confirm: t('全部重试', 'Retry all'), items: found,
        explain: t('个任务会重新排队，消息会再次发送。等待超时的任务不在其中，它们没有触发过。',
          'tasks are queued again and their messages sent. Those that timed out are not among them: they never fired.'),
        name: (task) => task.task_id, act: retry,
      });
      if (isDone) dispatchEvent(new Event('hashchange'));
    }) }, t('全部重试…', 'Retry all…'));
  const counting = h('span.muted', { role: 'status' });
  host.append(h('div.controls', null,
    field(t('原因', 'Reason'), select([['', t('全部', 'any')], ...reasons.map((one) => [one, errorTerm(one)])], reason, {
      onchange: (event) => {
        location.hash = event.target.value ? `#/failures?reason=${event.target.value}` : '#/failures';
      },
    })), h('span.spacer'), counting, all),
  h('section.card.flush', { 'aria-label': t('失败的任务', 'Failed tasks') }, rows.element, below));
  const list = walk('/api/task/list', 'tasks', filters, { keeps });
  const more = async () => {
    const searching = () => h('p.searching', { role: 'status' }, h('i.spin'), t('仍在搜索…', 'Still searching…'));
    swap(below, searching());
    try {
      await list.more(pageLength, (piece) => {
        rows.add(piece);
        rows.element.hidden = rows.size === 0;
      }, signal);
    } catch (error) {
      return signal.aborted ? undefined : swap(below, trouble(error, more));
    }
    return swap(below, ending(rows.size, list, more, t('没有失败的任务', 'Nothing has failed'),
      t('发送失败或等待超时的任务会出现在这里。', 'Tasks that fail or time out appear here.')));
  };
  watchFailures(host, (detail) => detail.status === 'failed' && !rows.has(detail.task_id), signal);
  return more();
}

function ending(size, list, more, title, hint) {
  if (size === 0 && list.isAtEnd) return empty(title, hint);
  return h('p.searching', null, list.isAtEnd ? t(`共 ${number(size)} 个`, `${number(size)} in all`)
    : [t(`已显示 ${number(size)} 个`, `${number(size)} shown`),
      h('button', { type: 'button', 'data-key': 'more', onclick: more }, t('继续显示', 'Show more'))]);
}

/** Walks to the end before anything is done, so that the question names the true count. */
async function collect(path, member, parameters, keeps, note, signal) {
  const found = [];
  const list = walk(path, member, parameters, { keeps });
  while (!list.isAtEnd && !signal.aborted) {
    await list.more(countStep, (piece) => {
      found.push(...piece);
      note(found.length);
    }, signal);
  }
  return found;
}

function watchFailures(host, isNew, signal) {
  let count = 0;
  const text = h('span');
  const note = h('p.fresh-note', { hidden: true }, text,
    h('button', { type: 'button', onclick: () => dispatchEvent(new Event('hashchange')) }, t('显示', 'Show')));
  host.prepend(note);
  live.addEventListener('task', ({ detail }) => {
    if (!isNew(detail)) return;
    count += 1;
    note.hidden = false;
    text.textContent = t(`又有 ${count} 个失败`, `${count} more failed`);
  }, { signal });
}

async function deadCallbacks(host, signal) {
  const below = h('div.below', null, placeholder(6));
  const body = table(t('放弃的回调，最新的在前', 'Dead callbacks, newest first'),
    [t('告知的状态', 'Tells'), t('任务', 'Task'), t('最后的错误', 'Last error'), t('放弃于', 'Given up'), t('处理', 'Mend')], [],
    { class: 'tasks callbacks' });
  body.hidden = true;
  const list = body.querySelector('tbody');
  const replay = (one) => post('/api/callbacks/replay', { callback_id: one.callback_id });
  const put = (one) => {
    const line = row([
      cell('c-status', statusBadge(one.status)),
      h('th', { scope: 'row', role: 'rowheader', class: 'c-task' }, h('a', { href: taskLink(one.task_id) }, mono(one.task_id)),
        h('span.sub', null, mono(one.callback_id))),
      cell('c-words', foreign(one.last_error ?? ''), h('span.sub', null, t(`${one.attempts} 次`, `${one.attempts} attempts`))),
      cell('c-time', ago(one.next_attempt_at)),
      cell('c-extra', may('admin') ? h('button', { type: 'button', onclick: (event) => busy(event.currentTarget, async () => {
        await replay(one);
        line.remove();
        remark(t('已重新排队', 'Queued again'));
      }) }, t('重发', 'Replay')) : null),
    ], { 'data-callback': one.callback_id });
    list.append(line);
  };
  const counting = h('span.muted', { role: 'status' });
  const all = h('button.primary', { type: 'button', id: 'replay-all', hidden: !may('admin'), onclick: (event) =>
    busy(event.currentTarget, async () => {
      const found = await collect('/api/callbacks', 'callbacks', { state: 'dead' }, () => true,
        (count) => swap(counting, t(`正在清点：${number(count)}`, `Counting: ${number(count)}`)), signal);
      swap(counting);
      if (found.length === 0) return remark(t('没有放弃的回调', 'There are none'), 'bad');
      const isDone = await bulk({
        title: t('重发放弃的回调', 'Replay dead callbacks'), confirm: t('全部重发', 'Replay all'), items: found,
        explain: t('个回调会重新排队，再试一天。', 'callbacks are queued again and tried for another day.'),
        name: (one) => one.callback_id, act: replay,
      });
      if (isDone) dispatchEvent(new Event('hashchange'));
    }) }, t('全部重发…', 'Replay all…'));
  host.append(h('div.controls', null, h('p.muted', null, t('投递一天仍失败的回调会停在这里。', 'Callbacks that failed for a day rest here.')),
    h('span.spacer'), counting, all),
  h('section.card.flush', { 'aria-label': t('放弃的回调', 'Dead callbacks') }, body, below));
  const pages = walk('/api/callbacks', 'callbacks', { state: 'dead' });
  const more = async () => {
    try {
      await pages.more(pageLength, (piece) => {
        piece.forEach(put);
        body.hidden = list.children.length === 0;
      }, signal);
    } catch (error) {
      return signal.aborted ? undefined : swap(below, trouble(error, more));
    }
    return swap(below, ending(list.children.length, pages, more, t('没有放弃的回调', 'No dead callbacks'),
      t('天网都收到了通知。', 'Everybody has been told.')));
  };
  return more();
}

/** Shows in the navigation how many there are; from the figures that come by themselves. */
export function countFailures(element) {
  live.addEventListener('stats', ({ detail }) => {
    const count = detail.by_status.failed + detail.queues.callbacks_dead;
    element.hidden = count === 0;
    element.textContent = count > 999 ? '999+' : String(count);
    element.setAttribute('aria-label', t(`${count} 个`, `${count}`));
  });
}
