// A test task and a test event, sent from here: what a newcomer does first. What is sent is shown as it goes out, and
// what becomes of it is shown live.
import { h, t, foreign, mono, swap } from './dom.js';
import { may, post, taskLink } from './api.js';
import { live } from './live.js';
import { announce, busy, empty, field, select, trouble } from './parts.js';
import { now } from './time.js';
import { actionTerm, eventTerm, priorities, priorityTerm, statusBadge, triggerTerm } from './terms.js';
import { wallTime } from './actions.js';

const triggers = ['customer_reply', 'customer_payment', 'customer_order', 'time_reach', 'custom_event'];
const actions = ['send_message', 'send_file', 'send_link'];
const events = ['customer_message', 'customer_payment', 'customer_order', 'custom_event'];

export function open(host, { signal }) {
  host.append(h('h1', { tabindex: -1 }, t('试一试', 'Try')));
  if (!may('tasks') && !may('events')) {
    host.append(empty(t('这个令牌只能查看', 'This token may only look'), t('下达任务或上报事件需要另一个令牌。',
      'To issue tasks or report events another one is needed.')));
    return;
  }
  if (may('tasks') && may('events')) host.append(h('p.lead', null, t('先下达一个任务，再让这位客户做它等待的事：看它触发、发送、完成。',
    'Issue a task, then let the customer do what it waits for, and see it fire, be sent, and complete.')));
  const shared = { customer: 'customer_test' };
  host.append(h('div.columns', null, may('tasks') ? taskCard(shared, signal) : null,
    may('events') ? eventCard(shared) : null));
}

const two = (value) => String(value).padStart(2, '0');

function newID() {
  const date = new Date(now());
  return `TEST_${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}_${two(date.getHours())}`
    + `${two(date.getMinutes())}${two(date.getSeconds())}_${Math.random().toString(36).slice(2, 5)}`;
}

const input = (name, value, more = {}) => h('input', { name, value, autocomplete: 'off', spellcheck: 'false', ...more });

/** The request as it goes out, beneath the form. */
const preview = () => {
  const text = h('pre', { tabindex: 0 });
  return { element: h('details', null, h('summary', null, t('查看请求', 'The request')), text),
    show: (path, body) => swap(text, `POST ${path}\n${JSON.stringify(body, null, 2)}`) };
};

function taskCard(shared, signal) {
  const parts = {
    id: input('task_id', newID(), { required: true, maxlength: 128 }),
    customer: input('customer', shared.customer, { required: true, maxlength: 128 }),
    name: input('name', t('测试客户', 'Test customer'), { maxlength: 128 }),
    trigger: select(triggers.map((one) => [one, triggerTerm(one)]), 'customer_reply', { name: 'trigger' }),
    keyword: input('keyword', '好的', { maxlength: 256 }),
    time: input('time', '', { type: 'datetime-local', step: 1 }),
    event: input('event', 'file_opened', { maxlength: 64 }),
    action: select(actions.map((one) => [one, actionTerm(one)]), 'send_message', { name: 'action' }),
    message: h('textarea', { name: 'message', rows: 3, maxlength: 4000, value: t('这是您要的文件', 'Here is your file') }),
    url: input('url', 'https://example.com/file.zip', { type: 'url', maxlength: 2048 }),
    priority: select(priorities.map((one) => [one, priorityTerm(one)]), 'normal', { name: 'priority' }),
  };
  const only = {
    keyword: field(t('关键词（空：任何消息）', 'Keyword (none: any message)'), parts.keyword),
    time: field(t('时间', 'Time'), parts.time, t('按服务器时区；已过的时间会马上触发。', 'In the server’s zone; a past time fires at once.')),
    event: field(t('事件名', 'Event'), parts.event),
    url: field(t('网址', 'URL'), parts.url),
  };
  const request = preview();
  const result = h('div', { 'aria-live': 'polite' });
  const update = () => {
    only.keyword.hidden = parts.trigger.value !== 'customer_reply';
    only.time.hidden = parts.trigger.value !== 'time_reach';
    only.event.hidden = parts.trigger.value !== 'custom_event';
    only.url.hidden = parts.action.value === 'send_message';
    parts.time.required = !only.time.hidden;
    parts.event.required = !only.event.hidden;
    parts.url.required = !only.url.hidden;
    parts.message.required = only.url.hidden;
    shared.customer = parts.customer.value;
    shared.follow?.();
    request.show('/api/task/receive', taskBody(parts));
  };
  const button = h('button.primary', { type: 'submit' }, t('下达任务', 'Issue the task'));
  const form = h('form', {
    id: 'try-task', oninput: update, onchange: update, onsubmit: (event) => {
      event.preventDefault();
      busy(button, async () => {
        const body = taskBody(parts);
        try {
          const answer = await post('/api/task/receive', body);
          swap(result, sent(body.task_id, answer, signal));
          parts.id.value = newID();
          update();
        } catch (error) {
          swap(result, trouble(error));
        }
      });
    },
  }, field(t('任务编号', 'Task id'), parts.id), h('div.fields', null, field(t('客户编号', 'Customer id'), parts.customer),
    field(t('客户名称', 'Customer name'), parts.name)), field(t('等待', 'Waits for'), parts.trigger), only.keyword, only.time,
  only.event, h('div.fields', null, field(t('然后', 'Then'), parts.action), field(t('优先级', 'Priority'), parts.priority)),
  only.url, field(t('消息', 'Message'), parts.message), h('div.buttons', null, button), request.element);
  update();
  return h('section.card', { 'aria-labelledby': 'try-task-title' },
    h('h2', { id: 'try-task-title' }, t('1. 测试任务', '1. A test task')), form, result);
}

function taskBody(parts) {
  const trigger = { type: parts.trigger.value };
  if (trigger.type === 'customer_reply' && parts.keyword.value.trim()) trigger.keyword = parts.keyword.value;
  if (trigger.type === 'time_reach') trigger.time = wallTime(parts.time.value);
  if (trigger.type === 'custom_event') trigger.event = parts.event.value;
  const action = { type: parts.action.value };
  if (parts.message.value) action.message = parts.message.value;
  if (action.type === 'send_file') action.file_url = parts.url.value;
  if (action.type === 'send_link') action.url = parts.url.value;
  const customer = { id: parts.customer.value.trim() };
  if (parts.name.value.trim()) customer.name = parts.name.value.trim();
  return { task_id: parts.id.value.trim(), type: 'test', customer, trigger, action, priority: parts.priority.value,
    created_by: 'dashboard' };
}

/** The task that was just issued, its state live. */
function sent(id, answer, signal) {
  const badge = h('span', null, statusBadge(answer.status === 'pending' ? 'waiting' : answer.status));
  const note = h('div.note.ok', null, h('p.strong', null, answer.duplicate ? t('这个任务此前已接收', 'It had been accepted before')
    : t('任务已接收', 'Accepted')), h('p', null, h('a', { href: taskLink(id) }, mono(id)), ' ', badge));
  live.addEventListener('task', ({ detail }) => {
    if (detail.task_id !== id) return;
    swap(badge, statusBadge(detail.status));
    announce(t(`测试任务：${detail.status}`, `Test task: ${detail.status}`));
  }, { signal });
  return note;
}

function eventCard(shared) {
  const parts = {
    customer: input('customer', shared.customer, { required: true, maxlength: 128 }),
    type: select(events.map((one) => [one, eventTerm(one)]), 'customer_message', { name: 'type' }),
    text: h('textarea', { name: 'text', rows: 2, value: '好的，谢谢' }),
    event: input('event', 'file_opened', { maxlength: 64 }),
    data: h('textarea', { name: 'data', rows: 2, spellcheck: 'false', placeholder: '{"order_id": "A1", "amount": 199}' }),
  };
  const only = {
    text: field(t('客户说', 'The customer says'), parts.text), event: field(t('事件名', 'Event'), parts.event),
    data: field(t('数据（JSON，可不填）', 'Data (JSON, optional)'), parts.data),
  };
  const request = preview();
  const result = h('div', { 'aria-live': 'polite' });
  const update = () => {
    only.text.hidden = parts.type.value !== 'customer_message';
    only.event.hidden = parts.type.value !== 'custom_event';
    only.data.hidden = parts.type.value === 'customer_message';
    parts.text.required = !only.text.hidden;
    parts.event.required = !only.event.hidden;
    try {
      request.show('/api/event', eventBody(parts));
      parts.data.setCustomValidity('');
    } catch {
      parts.data.setCustomValidity(t('不是合法的 JSON 对象', 'This is no JSON object'));
    }
  };
  let isTouched = false;
  parts.customer.addEventListener('input', () => { isTouched = true; });
  shared.follow = () => {
    if (isTouched) return;
    parts.customer.value = shared.customer;
    update();
  };
  const button = h('button.primary', { type: 'submit' }, t('上报事件', 'Report the event'));
  const form = h('form', {
    id: 'try-event', oninput: update, onchange: update, onsubmit: (event) => {
      event.preventDefault();
      busy(button, async () => {
        try {
          swap(result, matched(await post('/api/event', eventBody(parts))));
        } catch (error) {
          swap(result, trouble(error));
        }
      });
    },
  }, field(t('客户编号', 'Customer id'), parts.customer), field(t('发生了什么', 'What happens'), parts.type), only.text,
  only.event, only.data, h('div.buttons', null, button), request.element);
  update();
  return h('section.card', { 'aria-labelledby': 'try-event-title' },
    h('h2', { id: 'try-event-title' }, may('tasks') ? t('2. 测试事件', '2. A test event') : t('测试事件', 'A test event')),
    form, result);
}

function eventBody(parts) {
  const body = { type: parts.type.value, customer: { id: parts.customer.value.trim() } };
  if (body.type === 'customer_message') body.text = parts.text.value;
  else if (parts.data.value.trim()) {
    body.data = JSON.parse(parts.data.value);
    if (body.data === null || typeof body.data !== 'object' || Array.isArray(body.data)) throw new SyntaxError('no object');
  }
  if (body.type === 'custom_event') body.event = parts.event.value;
  return body;
}

const matched = (answer) => (answer.matched.length === 0
  ? h('div.note.warn', null, h('p.strong', null, t('没有任务在等这个事件', 'No task waits for this')),
    h('p', null, t('检查客户编号和关键词是否与任务一致。', 'See whether customer and keyword are those of the task.')))
  : h('div.note.ok', null, h('p.strong', null, t(`触发了 ${answer.matched.length} 个任务`, `${answer.matched.length} tasks fired`)),
    h('ul', null, answer.matched.map((id) => h('li', null,
      may('read') ? h('a', { href: taskLink(id) }, mono(id)) : foreign(id))))));
