// What is happening now: rates, queues, instances, the last hour and day, and the latest changes. The figures come with
// the live stream; only the charts are read again, once a minute, when their step has ended.
import { h, s, t, mono, swap, sign, signs } from './dom.js';
import { get, taskLink } from './api.js';
import { live } from './live.js';
import { announce, cell, empty, placeholder, row, segments, table, trouble } from './parts.js';
import { ago, now, number, spanText } from './time.js';
import { causeTerm, counterTerm, priorities, priorityBadge, priorityTerm, statusBadge, triggerTerm, warningTerm } from './terms.js';
import { chart } from './chart.js';

const rates = ['received', 'events', 'matched', 'completed', 'failed', 'callbacks_delivered'];
/** After so long without a heartbeat an instance is called silent. */
const silence = 10_000;
const feedLength = 30;

export function open(host, { signal }) {
  const parts = {
    warnings: h('div'), rates: h('div.tiles'), queues: h('div'), instances: h('div'), waits: h('div'), charts: h('div.charts'),
  };
  for (const one of [parts.queues, parts.instances, parts.waits]) one.append(placeholder(5));
  parts.rates.append(...rates.map((name) => tile(counterTerm(name), '–', ' ')));
  const feed = changes(signal);
  host.append(h('h1', { tabindex: -1 }, t('现在', 'Now')), parts.warnings,
    h('section', { 'aria-labelledby': 'rates' }, h('h2', { id: 'rates' }, t('过去一分钟', 'The last minute')), parts.rates),
    h('div.columns', null,
      h('section.card', { 'aria-labelledby': 'queues' }, h('h2', { id: 'queues' }, t('队列', 'Queues')), parts.queues),
      h('div.stack', null,
        h('section.card', { 'aria-labelledby': 'instances' }, h('h2', { id: 'instances' }, t('实例', 'Instances')),
          parts.instances),
        h('section.card.grow', { 'aria-labelledby': 'waits' }, h('h2', { id: 'waits' }, t('未完成的任务在等什么', 'What unfinished tasks wait for')),
          parts.waits))),
    courses(parts.charts, signal), feed);
  const show = (stats) => {
    swap(parts.rates, rates.map((name) => tile(counterTerm(name), number(stats.last_minute[name]),
      t(`一小时 ${number(stats.last_hour[name])}`, `${number(stats.last_hour[name])} in an hour`), name,
      name === 'failed' && stats.last_minute[name] > 0 ? 'bad' : undefined)));
    swap(parts.queues, queues(stats));
    swap(parts.instances, instances(stats.instances));
    swap(parts.waits, waits(stats.by_trigger));
  };
  const read = async () => {
    try {
      show(await get('/api/task/stats', { signal }));
    } catch (error) {
      if (!signal.aborted) swap(parts.queues, trouble(error, read));
    }
  };
  live.addEventListener('stats', ({ detail }) => show(detail), { signal });
  live.addEventListener('state', ({ detail }) => {
    if (detail.state === 'on') warn(parts.warnings, signal);
  }, { signal });
  warn(parts.warnings, signal);
  return read();
}

const tile = (name, value, below, key, kind) => h('div.tile', { 'data-rate': key, 'data-kind': kind },
  h('p.tile-name', null, name), h('p.tile-value', null, value), h('p.tile-below', null, below));

async function warn(host, signal) {
  let health;
  try { health = await get('/api/health', { signal }); } catch (error) { health = error.data; }
  if (signal.aborted || !health) return;
  const found = (health.warnings ?? []).map((one) => h('div.note.warn', null,
    h('p.strong', null, warningTerm(one.type)), h('p.muted', null, mono(one.detail))));
  if (health.redis && health.redis !== 'ok') {
    found.unshift(h('div.note.bad', null, h('p.strong', null, t('Redis 不可用：', 'Redis is not available: '),
      mono(health.redis))));
  }
  swap(host, found);
}

/** A bar for the eye; the figure stands beside it. */
const gauge = (value, most) => s('svg.gauge', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
  s('rect', { width: value > 0 ? Math.max(1, 100 * value / most) : 0, height: 10 }));

function queues(stats) {
  const { queues: all } = stats;
  const most = Math.max(1, ...priorities.map((one) => all.ready[one]));
  const bars = table(t('按优先级', 'By priority'), [t('优先级', 'Priority'), t('待执行', 'Ready'), [t('未完成', 'Unfinished'), 'figure']],
    priorities.map((one) => row([
      h('th', { scope: 'row', role: 'rowheader' }, priorityBadge(one) ?? priorityTerm(one)),
      cell('bar', gauge(all.ready[one], most), h('span.figure', null, number(all.ready[one]))),
      cell('figure', h('a.quiet', { href: `#/tasks?priority=${one}`, 'data-key': `priority-${one}` },
        number(stats.by_priority[one]))),
    ])), { class: 'plain' });
  const line = (name, value, hint, kind) => h('div', { 'data-kind': value > 0 ? kind : undefined },
    h('dt', null, name), h('dd', null, number(value)), h('dd.hint', null, hint));
  return [
    h('p.oldest', null, stats.oldest_ready_ms === null
      ? t('没有积压：触发的任务都已开始执行。', 'No backlog: all that has fired is under way.')
      : [t('最久的待执行任务已等 ', 'The oldest ready task has waited '), h('b', null, spanText(stats.oldest_ready_ms))]),
    bars,
    h('dl.queues', null,
      line(t('等待触发', 'Armed'), all.armed, t('等客户或时间', 'for customers or a time')),
      line(t('其中定时', 'Scheduled'), all.scheduled, t('到时间触发', 'fire at a time')),
      line(t('执行中', 'Running'), all.running, t('正在发送', 'being sent')),
      line(t('等待重试', 'Retrying'), all.retrying, t('暂停后再试', 'after a pause'), 'warn'),
      line(t('回调待送', 'Callbacks'), all.callbacks, t('还未送达', 'not yet delivered')),
      line(t('回调已放弃', 'Dead callbacks'), all.callbacks_dead, t('可重发', 'can be replayed'), 'bad')),
  ];
}

function instances(all) {
  if (all.length === 0) return empty(t('还没有心跳', 'No heartbeat yet'), t('实例启动后几秒会出现在这里。', 'Instances appear seconds after their start.'));
  return h('div.scroll', null, table(t(`${all.length} 个实例`, `${all.length} instances`),
    [t('实例', 'Instance'), t('心跳', 'Heartbeat'), [t('执行中', 'Running'), 'figure'], [t('版本', 'Version'), 'figure']],
    all.map((one) => {
      const isSilent = now() - Date.parse(one.last_seen) > silence;
      return row([
        h('th', { scope: 'row', role: 'rowheader' }, h('span.dot', { 'data-state': isSilent ? 'lost' : 'on' }),
          mono(one.host || one.id), h('span.sub', null, mono(one.id))),
        cell('nowrap', ago(one.last_seen), isSilent ? h('span.sub.bad-text', null, t('没有心跳', 'silent')) : null),
        cell('figure', number(one.running)), cell('figure nowrap', mono(one.version)),
      ]);
    }), { class: 'plain' }));
}

function waits(counts) {
  const most = Math.max(1, ...Object.values(counts));
  return table(t('按触发方式', 'By trigger'), [t('触发', 'Trigger'), t('任务', 'Tasks')],
    Object.entries(counts).map(([name, count]) => row([
      h('th.nowrap', { scope: 'row', role: 'rowheader' }, triggerTerm(name)),
      cell('bar', gauge(count, most), h('span.figure', null, number(count))),
    ])), { class: 'plain headless' });
}

/** The charts, of the hour or the day. */
function courses(host, signal) {
  let span = 'hour', minute = Math.floor(now() / 60_000);
  const tasks = chart({ title: t('任务', 'Tasks'), signal });
  const events = chart({ title: t('事件与回调', 'Events and callbacks'), signal });
  const note = h('div');
  host.append(tasks.element, events.element);
  const read = async () => {
    try {
      const history = await get(`/api/task/history?span=${span}`, { signal });
      const labels = history.points.map((point) => point.at.slice(11, 16));
      const series = (names) => names.map((name) => ({
        name: counterTerm(name), values: history.points.map((point) => point[name] ?? 0),
      }));
      tasks.show(series(['received', 'completed', 'failed', 'cancelled']), labels);
      events.show(series(['events', 'matched', 'callbacks_delivered']), labels);
      swap(note);
    } catch (error) {
      if (!signal.aborted) swap(note, trouble(error, read));
    }
  };
  live.addEventListener('stats', () => {
    const current = Math.floor(now() / 60_000);
    if (current === minute) return;
    minute = current;
    read();
  }, { signal });
  read();
  return h('section.card', { 'aria-labelledby': 'course' },
    h('div.head', null, h('h2', { id: 'course' }, t('走势', 'Course')),
      segments(t('时间范围', 'Span'), [['hour', t('一小时', 'Hour')], ['day', t('一天', 'Day')]], span, (chosen) => {
        span = chosen;
        read();
      })), note, host);
}

/** The latest changes, newest first; drawn once a frame however many come. */
function changes(signal) {
  const list = h('ol.feed');
  const none = empty(t('还没有变化', 'No changes yet'), t('任务一有变化就会出现在这里。', 'They appear here as they happen.'),
    h('p', null, h('a.button', { href: '#/try' }, t('发一个测试任务', 'Send a test task'))));
  none.hidden = true;
  let coming = [], isPaused = false, isDue = false, since = 0;
  const entry = (change) => h('li', null, statusBadge(change.status),
    h('span.feed-task', null, h('a', { href: taskLink(change.task_id) }, mono(change.task_id)),
      h('span.sub', null, mono(change.customer_id), change.words ? [' · ', change.words] : null)), ago(change.at));
  const draw = () => {
    isDue = false;
    if (signal.aborted || coming.length === 0) return;
    since += coming.length;
    list.prepend(...coming.slice(-feedLength).reverse().map(entry));
    coming = [];
    while (list.children.length > feedLength) list.lastElementChild.remove();
    none.hidden = true;
    announce(t(`${since} 个新变化`, `${since} new changes`));
  };
  live.addEventListener('task', ({ detail }) => {
    coming.push({ ...detail, words: causeTerm(detail.cause) });
    if (coming.length > feedLength) coming.shift();
    if (isPaused || isDue) return;
    isDue = true;
    requestAnimationFrame(draw);
  }, { signal });
  get('/api/task/list?limit=20', { signal }).then(({ tasks }) => {
    const known = tasks.map((task) => ({
      task_id: task.task_id, status: task.status, customer_id: task.customer_id,
      at: task.completed_at ?? task.triggered_at ?? task.created_at,
    })).sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
    list.append(...known.slice(0, feedLength - list.children.length).map(entry));
    none.hidden = list.children.length > 0;
  }).catch(() => { /* the changes to come are shown all the same */ });
  const button = h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => {
    isPaused = !isPaused;
    button.setAttribute('aria-pressed', String(isPaused));
    swap(button, sign(isPaused ? signs.play : signs.pause), isPaused ? t('继续', 'Go on') : t('暂停', 'Pause'));
    if (!isPaused) draw();
  } }, sign(signs.pause), t('暂停', 'Pause'));
  return h('section.card', { 'aria-labelledby': 'feed' },
    h('div.head', null, h('h2', { id: 'feed' }, t('最新变化', 'Latest changes')), button), list, none);
}
