// One task: where it stands, what comes next, what to do, its course, and all that is known of it.
import { h, t, foreign, mono, swap, sign, signs } from './dom.js';
import { get, taskPath } from './api.js';
import { live } from './live.js';
import { announce, copyable, empty, placeholder, remark, trouble, troubleText } from './parts.js';
import { ago, moment } from './time.js';
import { actionTerm, errorTerm, priorityTerm, statusBadge, statusTerm } from './terms.js';
import { advice, nextStep, waitsFor } from './plain.js';
import { actionButtons } from './actions.js';
import { timeline } from './timeline.js';

/** Callbacks go out behind a final state and are no changes of it: the task is looked at again so long after one. */
const callbackPauses = [1500, 5000, 15_000];

export function open(host, { argument: id, signal }) {
  const place = h('div', null, placeholder(10));
  host.append(h('p.crumb', null, h('a', { href: '#/tasks' }, sign(signs.back), t('任务', 'Tasks'))),
    h('h1', { tabindex: -1, class: 'id' }, copyable(id)), place);
  let isReading = false, isStale = false, late = [];
  const read = async () => {
    // Changes may come faster than they can be read: then it is read once more at the end.
    isStale = true;
    if (isReading) return;
    isReading = true;
    try {
      while (isStale && !signal.aborted) {
        isStale = false;
        const task = await get(taskPath(id), { signal });
        swap(place, page(task, read));
        document.title = `${statusTerm(task.status)} · ${id} · Kefu`;
      }
    } catch (error) {
      if (!signal.aborted) fail(place, error, read);
    } finally {
      isReading = false;
    }
  };
  live.addEventListener('task', ({ detail }) => {
    if (detail.task_id !== id) return;
    announce(t(`任务状态：${statusTerm(detail.status)}`, `The task is ${statusTerm(detail.status)}`));
    read();
    late.forEach(clearTimeout);
    if (['completed', 'failed', 'cancelled'].includes(detail.status)) late = callbackPauses.map((ms) => setTimeout(read, ms));
  }, { signal });
  signal.addEventListener('abort', () => late.forEach(clearTimeout));
  live.addEventListener('gap', read, { signal });
  live.addEventListener('state', ({ detail }) => {
    if (detail.state === 'on' && detail.before === 'lost') read();
  }, { signal });
  return read();
}

/** What has been shown stays when it merely cannot be read again. */
function fail(place, error, read) {
  if (error.status === 404) {
    swap(place, empty(t('没有这个任务', 'There is no such task'),
      t('它可能已过保留期，或编号有误（区分大小写）。', 'It may have passed its retention time, or the id is mistyped.'),
      h('p', null, h('a.button', { href: '#/tasks' }, t('去搜索', 'Search')))));
  } else if (place.querySelector('.state')) remark(troubleText(error), 'bad');
  else swap(place, trouble(error, read));
}

function page(task, read) {
  const buttons = actionButtons(task, read);
  return [
    h('div.state', null, statusBadge(task.status), h('span.muted', null, ago(task.completed_at ?? task.triggered_at
      ?? task.created_at)), h('span.spacer'), h('div.buttons', null, buttons)),
    next(task),
    h('div.columns.wide-left', null,
      h('section.card', { 'aria-labelledby': 'course' }, h('h2', { id: 'course' }, t('经过', 'Course')), timeline(task)),
      h('section.card', { 'aria-labelledby': 'facts' }, h('h2', { id: 'facts' }, t('内容', 'Contents')), facts(task))),
  ];
}

/** The next step, and for an error what to do. */
function next(task) {
  const step = nextStep(task);
  const hint = advice(task);
  return h('section', { 'aria-label': t('下一步', 'Next step'), id: 'next' },
    hint ? h('div.note', { class: task.status === 'failed' ? 'bad' : 'warn' },
      h('p.strong', null, errorTerm(task.error_code), task.error_message
        ? [t('：', ': '), foreign(task.error_message)] : null),
      h('p', null, hint)) : null,
    step ? h('div.note.info', null, h('p', null, h('b', null, t('下一步：', 'Next: ')), step)) : null);
}

/** A link only where the text is a web address. */
function webLink(text) {
  return /^https?:[/]{2}/i.test(text)
    ? h('a', { href: text, target: '_blank', rel: 'noopener noreferrer' }, mono(text)) : mono(text);
}

function facts(task) {
  const line = (name, ...value) => (value.every((one) => one === null || one === undefined || one === '') ? null
    : h('div', null, h('dt', null, name), h('dd', null, ...value)));
  const text = (value) => (value === null || value === undefined || value === '' ? null : foreign(value));
  return [
    h('dl.facts', null,
      line(t('客户', 'Customer'), task.customer_name ? [foreign(task.customer_name), ' '] : null,
        h('a', { href: `#/tasks?customer_id=${encodeURIComponent(task.customer_id)}`, 'data-key': 'customer' },
          mono(task.customer_id))),
      line(t('等待', 'Waits until'), waitsFor(task)),
      line(t('动作', 'Action'), actionTerm(task.action_type)),
      task.action_message ? line(t('消息', 'Message'), h('span.message', null, foreign(task.action_message))) : null,
      task.action_file_url ? line(t('文件', 'File'), webLink(task.action_file_url)) : null,
      task.action_url ? line(t('链接', 'Link'), webLink(task.action_url)) : null,
      line(t('优先级', 'Priority'), priorityTerm(task.priority)),
      line(t('类型', 'Type'), text(task.type)),
      line(t('下达人', 'Issued by'), text(task.created_by)),
      line(t('接收', 'Accepted'), moment(task.created_at)),
      line(t('截止', 'Deadline'), moment(task.deadline_at)),
      line(t('发送次数', 'Attempts'), String(task.attempts ?? 0), t(`（最多重试 ${task.max_retry} 次）`,
        ` (at most ${task.max_retry} retries)`)),
      task.generation > 1 ? line(t('第几次下达', 'Generation'), String(task.generation)) : null,
      task.cancel_reason ? line(t('取消原因', 'Cancel reason'), text(task.cancel_reason)) : null,
      task.result === null || task.result === undefined ? null
        : line(t('网关的回答', 'Gateway’s answer'), h('pre', null, foreign(JSON.stringify(task.result, null, 2))))),
    h('details', null, h('summary', { 'data-key': 'raw' }, t('原始记录（JSON）', 'The record (JSON)')),
      h('pre', { tabindex: 0 }, foreign(JSON.stringify(task, null, 2)))),
  ];
}
