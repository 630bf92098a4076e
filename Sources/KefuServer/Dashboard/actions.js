// What a person can do with one task, as far as its state and the token's role allow: each a button, and most a
// question first.
import { h, t, foreign, mono } from './dom.js';
import { may, post } from './api.js';
import { ask } from './dialogs.js';
import { busy, field, remark, select } from './parts.js';
import { inputText, moment } from './time.js';
import { priorities, priorityTerm } from './terms.js';
import { triggersOf, waitsFor } from './plain.js';

const isArmed = (task) => task.status === 'waiting' && !task.triggered_at;

/** The callback attempts that did not arrive, newest last. */
export function failedCallbacks(task) {
  const last = new Map();
  for (const attempt of task.callback_attempts ?? []) last.set(attempt.callback_id, attempt);
  return [...last.values()].filter((attempt) => !attempt.delivered);
}

/** @param after called when something was done, to read the task again. */
export function actionButtons(task, after) {
  const button = (key, text, work, kind) =>
    h('button', {
      type: 'button', 'data-key': `do-${key}`, 'data-do': key, class: kind,
      onclick: (event) => busy(event.currentTarget, async () => { if (await work() !== false) await after(); }),
    }, text);
  const buttons = [];
  if (may('tasks') && task.status === 'failed' && task.triggered_at) {
    buttons.push(button('retry', t('重试', 'Retry'), () => retry(task), 'primary'));
  }
  if (may('admin') && isArmed(task)) {
    buttons.push(button('fire', t('立即触发', 'Fire now'), () => fire(task)));
  }
  if (may('tasks') && isArmed(task)) {
    buttons.push(button('update', t('修改', 'Change'), () => update(task)));
  }
  if (may('admin') && failedCallbacks(task).length > 0) {
    buttons.push(button('replay', t('重发回调', 'Replay the callback'), () => replay(task)));
  }
  if (may('tasks') && ['waiting', 'running', 'failed'].includes(task.status) && !task.cancel_requested) {
    buttons.push(button('cancel', t('取消任务', 'Cancel'), () => cancel(task), 'danger-quiet'));
  }
  return buttons;
}

async function retry(task) {
  await post('/api/task/retry', { task_id: task.task_id });
  remark(t('已重新排队', 'Queued again'));
}

const subject = (task) => h('p', null, mono(task.task_id), task.customer_name
  ? [' · ', foreign(task.customer_name)] : null);

function fire(task) {
  return ask({
    title: t('立即触发？', 'Fire now?'), confirm: t('立即触发', 'Fire now'),
    body: [subject(task), h('p', null, t('不再等待：', 'It no longer waits until '), waitsFor(task),
      t('。消息会马上发给客户。', '. The message goes to the customer at once.'))],
    send: async () => {
      await post('/api/task/fire', { task_id: task.task_id });
      remark(t('已触发', 'Fired'));
    },
  });
}

function cancel(task) {
  const reason = h('input', { name: 'reason', maxlength: 500, placeholder: t('例如：客户已退款', 'such as: refunded') });
  return ask({
    title: t('取消任务？', 'Cancel the task?'), confirm: t('取消任务', 'Cancel the task'), danger: true,
    body: [
      subject(task),
      h('p', null, task.status === 'running'
        ? t('它正在发送：这一次若成功，任务仍会完成。', 'It is being sent: if that succeeds, the task is completed.')
        : t('取消后不会再发送。', 'After that it will not be sent.')),
      field(t('原因（可不填）', 'Reason (optional)'), reason),
    ],
    send: async () => {
      const body = { task_id: task.task_id };
      if (reason.value.trim()) body.reason = reason.value.trim();
      try {
        await post('/api/task/cancel', body);
        remark(t('已取消', 'Cancelled'));
      } catch (error) {
        if (error.status !== 409 || !error.data?.cancel_requested) throw error;
        remark(t('任务正在执行，已记录取消请求', 'It is running; the cancel has been noted'));
      }
    },
  });
}

function replay(task) {
  return ask({
    title: t('重发回调？', 'Replay the callback?'), confirm: t('重发', 'Replay'),
    body: [subject(task), h('p', null, t('会再次通知下达方这个任务的结果。', 'Its issuer is told the outcome once more.'))],
    send: async () => {
      const { replayed } = await post('/api/callbacks/replay', { task_id: task.task_id });
      remark(replayed > 0 ? t(`已重新排队 ${replayed} 个回调`, `${replayed} callbacks queued again`)
        : t('没有可重发的回调：它们已送达', 'Nothing to replay: all have arrived'), replayed > 0 ? 'ok' : 'bad');
    },
  });
}

function update(task) {
  const timed = triggersOf(task).find((one) => one.type === 'time_reach');
  const time = timed && h('input', { type: 'datetime-local', step: 1, name: 'time', value: inputText(timed.time) });
  const hours = h('input', {
    type: 'number', name: 'timeout_hours', min: 0, max: 8760, step: 'any', value: String(task.timeout_hours ?? 24),
    required: true,
  });
  const urgency = select(priorities.map((word) => [word, priorityTerm(word)]), task.priority, { name: 'priority' });
  const message = h('textarea', {
    name: 'message', rows: 4, maxlength: 4000, value: task.action_message ?? '',
    required: task.action_type === 'send_message',
  });
  return ask({
    title: t('修改任务', 'Change the task'), confirm: t('保存', 'Save'),
    body: [
      subject(task),
      time ? field(t('时间', 'Time'), time, t('按服务器的时区。', 'In the server’s time zone.')) : null,
      field(t('最多等待（小时）', 'Waits at most (hours)'), hours,
        [t('截止时间现在是 ', 'The deadline is now '), moment(task.deadline_at)]),
      field(t('优先级', 'Priority'), urgency), field(t('消息', 'Message'), message),
    ],
    send: async () => {
      const body = { task_id: task.task_id };
      if (time && time.value !== inputText(timed.time)) body.time = wallTime(time.value);
      if (Number(hours.value) !== Number(task.timeout_hours)) body.timeout_hours = Number(hours.value);
      if (urgency.value !== task.priority) body.priority = urgency.value;
      if (message.value !== (task.action_message ?? '')) body.message = message.value;
      if (Object.keys(body).length > 1) await post('/api/task/update', body);
      remark(t('已保存', 'Saved'));
    },
  });
}

/** What `<input type="datetime-local">` gives, as the server reads it. */
export function wallTime(text) {
  const seconds = text.length === 16 ? ':00' : '';
  return text.slice(0, 19).replace('T', ' ') + seconds;
}
