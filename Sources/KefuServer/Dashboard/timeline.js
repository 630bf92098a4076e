// The course of one task as a list of moments: what its record tells in several places, put in order.
import { h, t, foreign, mono, s } from './dom.js';
import { clockText, spanText } from './time.js';
import { statusTerm } from './terms.js';
import { eventWords, waitsFor } from './plain.js';

/** Ranks order what happened in the same millisecond. */
export function moments(task) {
  const found = [];
  const add = (at, rank, kind, title, ...more) => { if (at) found.push({ at, rank, kind, title, more }); };
  add(task.created_at, 0, 'start', t('任务已接收', 'Accepted'), task.created_by
    ? [t('下达：', 'by '), foreign(task.created_by)] : null,
  task.generation > 1 ? t(`第 ${task.generation} 次下达`, `issued for the ${task.generation}th time`) : null);
  add(task.created_at, 1, 'wait', t('开始等待', 'Armed'), waitsFor(task));
  add(task.triggered_at, 2, 'fire', t('已触发', 'Triggered'), eventWords(task.trigger_event),
    task.trigger_event?.event_id ? mono(task.trigger_event.event_id) : null,
    task.trigger_event?.data ? mono(JSON.stringify(task.trigger_event.data)) : null);
  for (const attempt of task.failed_attempts ?? []) {
    add(attempt.at, 4, 'bad', t(`第 ${attempt.attempt} 次发送失败`, `Attempt ${attempt.attempt} failed`),
      [attempt.http_status ? `HTTP ${attempt.http_status}` : t('没有回答', 'no answer'),
        attempt.duration_ms === null || attempt.duration_ms === undefined ? null
          : t(`，用时 ${spanText(attempt.duration_ms)}`, `, after ${spanText(attempt.duration_ms)}`)],
      attempt.error ? mono(attempt.error) : null);
  }
  for (const entry of task.timeline ?? []) addState(add, task, entry);
  for (const attempt of task.callback_attempts ?? []) {
    const told = statusTerm(attempt.status);
    add(attempt.at, 6, attempt.delivered ? 'done' : 'bad',
      attempt.delivered ? t(`回调已送达（${told}）`, `Callback delivered (${told})`)
        : t(`回调未送达（${told}，第 ${attempt.attempt} 次）`, `Callback not delivered (${told}, attempt ${attempt.attempt})`),
      [attempt.http_status ? `HTTP ${attempt.http_status}` : attempt.delivered ? null : t('没有回答', 'no answer'),
        attempt.duration_ms === null || attempt.duration_ms === undefined ? null
          : t(`，用时 ${spanText(attempt.duration_ms)}`, `, after ${spanText(attempt.duration_ms)}`)],
      attempt.error ? mono(attempt.error) : null);
  }
  return found.map((one) => ({ ...one, ms: Date.parse(one.at) }))
    .sort((one, other) => one.ms - other.ms || one.rank - other.rank);
}

function addState(add, task, { status, at }) {
  switch (status) {
  case 'running': return add(at, 3, 'run', t('开始发送', 'Being sent'));
  case 'waiting':
    // Acceptance and the trigger have entries of their own.
    if (at === task.created_at || at === task.triggered_at) return undefined;
    return add(at, 5, 'wait', t('回到队列，稍后再试', 'Back in the queue, to be tried again'));
  case 'completed':
    return add(at, 5, 'done', t('发送成功，任务完成', 'Sent: completed'), task.attempts > 1
      ? t(`共 ${task.attempts} 次`, `in ${task.attempts} attempts`) : null);
  case 'failed': return add(at, 5, 'bad', t('任务失败', 'Failed'), task.status === 'failed' && task.error_message
    ? foreign(task.error_message) : null);
  case 'cancelled': return add(at, 5, 'stop', t('任务已取消', 'Cancelled'), task.cancel_reason
    ? [t('原因：', 'reason: '), foreign(task.cancel_reason)] : null);
  default: return undefined;
  }
}

const paths = {
  start: 'M5 12h14M12 5v14', wait: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18', fire: 'M13 3 5 14h6l-1 7 8-11h-6z',
  run: 'm4 12 16-8-5 16-3-7z', bad: 'M12 7v6m0 4h.01', done: 'M5 12.5l4.5 4.5L19 7.5', stop: 'M6 6l12 12M18 6 6 18',
};

/** To the millisecond: what belongs together often happens within the same second. */
const instant = (at) => h('time', { datetime: at, title: at }, clockText(at), h('span.ms', null, at.slice(19, 23)));

/** The same as a list. */
export function timeline(task) {
  return h('ol.timeline', null, moments(task).map((one) => h('li', { 'data-kind': one.kind },
    s('svg.sign', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, s('path', { d: paths[one.kind] })),
    h('div', null, h('p.strong', null, one.title), one.more.filter(Boolean).map((line) => h('p.line', null, line))),
    instant(one.at))));
}
