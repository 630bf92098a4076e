// A task in plain words: what it waits for, what comes next, and what a person can do about an error. Pure: from the
// status that the server tells to nodes and sentences.
import { h, t, foreign } from './dom.js';
import { agoText, clockText } from './time.js';
import { errorTerm, eventTerm, triggerTerm } from './terms.js';

const quoted = (text) => [t('「', '“'), foreign(text), t('」', '”')];
const joined = (items, word) => items.flatMap((item, index) => (index > 0 ? [word, item] : [item]));

/** The triggers of a task, also when it has only one, which stands in columns of its own. */
export function triggersOf(task) {
  if (Array.isArray(task.triggers) && task.triggers.length > 0) return task.triggers;
  const { trigger_keywords: keywords } = task;
  return [{
    type: task.trigger_type, keyword: keywords?.length ? undefined : task.trigger_keyword, keywords,
    match: task.trigger_match, exclude: task.trigger_exclude, where: task.trigger_where, time: task.trigger_time,
    event: task.trigger_event_name, lookback_seconds: task.trigger_lookback_seconds,
  }];
}

/** What one trigger waits for. */
export function triggerWords(trigger) {
  const keywords = [...new Set([trigger.keyword, ...(trigger.keywords ?? [])].filter(Boolean))];
  switch (trigger.type) {
  case 'customer_reply':
  case 'customer_keyword': return [messageWords(trigger, keywords), excludeWords(trigger)];
  case 'customer_payment': return [t('客户付款', 'the customer pays'), whereWords(trigger.where)];
  case 'customer_order': return [t('客户下单', 'the customer orders'), whereWords(trigger.where)];
  case 'time_reach':
    return trigger.time ? [t('到 ', 'at '), clockText(trigger.time, true)] : [t('到预定的时间', 'at its time')];
  case 'custom_event':
    return [t('收到自定义事件', 'the custom event '), trigger.event ? quoted(trigger.event) : null, t('', ' comes'), whereWords(trigger.where)];
  default: return [foreign(trigger.type)];
  }
}

function messageWords(trigger, keywords) {
  if (keywords.length === 0) return t('客户回复任何消息', 'the customer replies, whatever she says');
  const exact = trigger.match === 'exact';
  const all = trigger.match === 'all' && keywords.length > 1;
  const list = joined(keywords.map(quoted), all ? t('和', ' and ') : t('或', ' or '));
  return exact ? [t('客户回复正好是', 'the customer says exactly '), list]
    : [t('客户的消息包含', 'the customer’s message has '), list];
}

function excludeWords(trigger) {
  if (!trigger.exclude?.length) return null;
  return [t('，且不含', ', and not '), joined(trigger.exclude.map(quoted), t('或', ' or '))];
}

const operators = { eq: '=', ne: '≠', gt: '>', gte: '≥', lt: '<', lte: '≤', in: '∈' };

function whereWords(where) {
  const conditions = Object.entries(where ?? {}).flatMap(([field, wanted]) => {
    if (wanted === null || typeof wanted !== 'object') return [[field, '=', wanted]];
    return Object.entries(wanted).map(([word, value]) => (word === 'exists'
      ? [field, value ? t('存在', 'exists') : t('不存在', 'is absent'), undefined]
      : [field, operators[word] ?? word, value]));
  });
  if (conditions.length === 0) return null;
  const shown = conditions.map(([field, word, value]) =>
    foreign([field, word, value === undefined ? '' : JSON.stringify(value)].join(' ').trim()));
  return [t('，且 ', ', and '), joined(shown, t(' 且 ', ' and '))];
}

/** Everything a task waits for, as one sentence part. */
export const waitsFor = (task) => joined(triggersOf(task).map(triggerWords), t('，或 ', ', or '));

/** The event that fired a task. */
export function eventWords(event) {
  if (!event) return null;
  const subject = event.type === 'custom_event' ? [eventTerm(event.type), quoted(event.event)] : eventTerm(event.type);
  return [subject, event.text ? [t('：', ': '), quoted(event.text)] : null];
}

/** What happens next with a task. */
export function nextStep(task) {
  if (task.cancel_requested) {
    return t('已要求取消。正在进行的发送若成功，任务仍会完成；否则任务会被取消。',
      'A cancel was asked for. If the send under way succeeds the task is completed, otherwise it is cancelled.');
  }
  switch (task.status) {
  case 'waiting': return task.triggered_at ? firedStep(task) : armedStep(task);
  case 'running':
    return t('正在发送。网关回答后任务完成；若失败，会自动重试。',
      'Being sent. It is done when the gateway answers; a failure is tried again by itself.');
  case 'completed': return t('已完成，无需处理。', 'Done. Nothing is left to do.');
  case 'cancelled':
    return t('已取消，不会再发送。需要时以同一编号重新下达即可。',
      'Cancelled; it will not be sent. Issue it again under the same id if it is needed after all.');
  default: return null;
  }
}

function armedStep(task) {
  return [t('等待：', 'Waits until '), waitsFor(task), t('。', '. '), task.deadline_at
    ? t(`若到 ${clockText(task.deadline_at)}（${agoText(task.deadline_at)}）仍未发生，任务以超时结束。`,
      `If that has not come by ${clockText(task.deadline_at)} (${agoText(task.deadline_at)}), it times out.`) : null];
}

function firedStep(task) {
  if (!task.next_attempt_at) return t('已触发，正在排队，马上发送。', 'Triggered and queued: it is sent next.');
  return t(
    `上一次发送失败，${agoText(task.next_attempt_at)}自动再试（已重试 ${task.retry_count ?? 0}／最多 ${task.max_retry} 次）。`,
    `The last send failed; it is tried again ${agoText(task.next_attempt_at)} (retry ${task.retry_count ?? 0} of `
      + `${task.max_retry}).`);
}

/** What a person can do about an error: by `error_code`. */
export function advice(task) {
  const advices = {
    timeout: t('截止时间前没有等到触发，什么都没有发给客户。若仍需要，请用新的编号重新下达，并给更长的等待时间（timeout_hours）。',
      'Its trigger did not come before the deadline; nothing was sent. If it is still wanted, issue it under a new id '
        + 'with a longer timeout_hours.'),
    gateway_rejected: t('网关拒绝了这条消息，原样再发还会被拒。请按下面的状态码检查客户编号、链接和内容；网关一侧修好后点“重试”。',
      'The gateway refused this message and would refuse it again. Check customer, link and content by the status '
        + 'below; once the gateway is mended, press Retry.'),
    gateway_unreachable: t('连不上网关或它没有回答。请检查网关是否在运行、KEFU_GATEWAY_URL 是否正确；系统会按计划自动重试。',
      'The gateway did not answer. See whether it runs and whether KEFU_GATEWAY_URL is right; retries go on by '
        + 'themselves.'),
    gateway_error: t('网关报告了自己的错误或太忙。请看网关日志；系统会按计划自动重试。',
      'The gateway had an error of its own or is too busy. See its log; retries go on by themselves.'),
    lost: t('执行它的实例多次失联。客户可能已收到，也可能没有：先向网关核实，再看实例日志（内存、磁盘），然后点“重试”。',
      'Instances died while holding it. The customer may or may not have got it: ask the gateway first, read the '
        + 'instances’ logs, then press Retry.'),
    retries_exhausted: t('自动重试已用完。下面列出每次失败的原因；网关恢复后点“重试”，会重新计算次数，并沿用同一幂等键。',
      'All retries failed; the reasons are below. When the gateway is well again press Retry: it starts afresh under '
        + 'the same idempotency key.'),
  };
  return advices[task.error_code] ?? null;
}

/** What to do about an answer of the server that is no success. */
export function refusalAdvice(refusal) {
  const seconds = refusal.retryAfter;
  switch (refusal.status) {
  case 0: return t('连不上服务器。请检查网络；恢复后页面会自动继续。',
    'The server cannot be reached. Check the network; the page goes on by itself.');
  case 400: return t('请改正所指的一项后再试。', 'Correct what is named, then try again.');
  case 401: return t('请输入有效的令牌。', 'Enter a valid token.');
  case 403: return t('请使用有此权限的令牌，或请管理员操作。', 'Use a token whose role may do this, or ask an administrator.');
  case 404: return t('它可能已过保留期，或编号有误。', 'It may have passed its retention time, or the id is wrong.');
  case 409: return t('任务的状态已经改变，页面已更新。', 'The task’s state has changed; the page shows it now.');
  case 429: return t(`服务正忙，${seconds ?? 1} 秒后再试即可。`, `It is busy: try again in ${seconds ?? 1} s.`);
  case 503: return t(`存储暂不可用，已接收的任务不会丢失；${seconds ?? 1} 秒后再试。`,
    `The store is away; no accepted task is lost. Try again in ${seconds ?? 1} s.`);
  default: return refusal.status >= 500
    ? t('请把请求编号交给工程师。', 'Give the request’s id to an engineer.') : '';
  }
}

/** Where a task stands, short enough for a row. */
export function rowWords(task) {
  if (task.status === 'failed') return foreign(task.error_message ?? '');
  if (task.status === 'waiting' && !task.triggered_at) return waitsFor(task);
  if (task.status === 'waiting' && task.next_attempt_at) {
    return t(`${agoText(task.next_attempt_at)}重试`, `tries again ${agoText(task.next_attempt_at)}`);
  }
  if (task.status === 'waiting') return t('已触发，排队中', 'triggered, queued');
  return h('span.muted', null, foreign(task.action_message ?? task.action_url ?? task.action_file_url ?? ''));
}

/** What stands below ``rowWords``: the deadline while it waits, the kind of error, else what fired it. */
export function rowNote(task) {
  if (task.status === 'failed') return errorTerm(task.error_code);
  if (task.status === 'waiting' && !task.triggered_at) {
    return t(`${agoText(task.deadline_at)}超时`, `times out ${agoText(task.deadline_at)}`);
  }
  return triggerTerm(task.trigger_type);
}
