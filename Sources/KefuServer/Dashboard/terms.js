// The contract's closed word lists in words for people.
import { h, t } from './dom.js';

const term = (table) => (word) => (table[word] ? t(...table[word]) : String(word ?? '–'));

export const statuses = ['waiting', 'running', 'completed', 'failed', 'cancelled'];
export const statusTerm = term({
  pending: ['已接收', 'accepted'], waiting: ['等待', 'waiting'], running: ['执行中', 'running'],
  completed: ['已完成', 'completed'], failed: ['失败', 'failed'], cancelled: ['已取消', 'cancelled'],
});

export const priorities = ['urgent', 'high', 'normal'];
export const priorityTerm = term({ urgent: ['紧急', 'urgent'], high: ['高', 'high'], normal: ['普通', 'normal'] });

export const triggerTerm = term({
  customer_reply: ['客户回复', 'customer reply'], customer_keyword: ['客户说出关键词', 'customer keyword'],
  customer_payment: ['客户付款', 'customer payment'], customer_order: ['客户下单', 'customer order'],
  time_reach: ['到达时间', 'time reached'], custom_event: ['自定义事件', 'custom event'],
});

export const actionTerm = term({
  send_message: ['发送消息', 'send a message'], send_file: ['发送文件', 'send a file'],
  send_link: ['发送链接', 'send a link'],
});

export const eventTerm = term({
  customer_message: ['客户消息', 'customer message'], customer_reply: ['客户消息', 'customer message'],
  customer_keyword: ['客户消息', 'customer message'], customer_payment: ['客户付款', 'customer payment'],
  customer_order: ['客户下单', 'customer order'], custom_event: ['自定义事件', 'custom event'],
  time_reach: ['到达时间', 'its time'], manual: ['手动触发', 'fired by hand'],
});

export const errorTerm = term({
  timeout: ['等待超时', 'timed out'], gateway_rejected: ['网关拒绝', 'gateway refused'],
  gateway_unreachable: ['连不上网关', 'gateway unreachable'], gateway_error: ['网关出错', 'gateway error'],
  lost: ['实例失联', 'instances lost'], retries_exhausted: ['重试用尽', 'retries used up'],
});

/** Why a task changed, as the stream says it. */
export const causeTerm = term({
  accepted: ['已接收，开始等待', 'accepted'], triggered: ['已触发', 'triggered'], claimed: ['开始执行', 'started'],
  retrying: ['发送失败，稍后重试', 'failed, will retry'], ready: ['暂停结束，再次排队', 'queued again'],
  retry: ['人工重试', 'retried by hand'], released: ['交还，由其他实例执行', 'handed back'],
  lease_lost: ['实例失联，重新排队', 'instance lost, queued again'], cancel_requested: ['已要求取消', 'cancel requested'],
  updated: ['内容已修改', 'changed'], update: ['内容已修改', 'changed'], completed: ['执行成功', 'done'],
  cancelled: ['已取消', 'cancelled'], timeout: ['等待超时', 'timed out'],
  gateway_rejected: ['网关拒绝', 'gateway refused'], lost: ['实例多次失联', 'instances lost'],
  retries_exhausted: ['重试用尽', 'retries used up'],
});

/** What the counters of a minute count. */
export const counterTerm = term({
  received: ['收到任务', 'tasks received'], events: ['客户事件', 'customer events'], matched: ['触发任务', 'tasks fired'],
  completed: ['完成', 'completed'], failed: ['失败', 'failed'], cancelled: ['取消', 'cancelled'],
  callbacks_delivered: ['回调送达', 'callbacks delivered'],
});

export const roleTerm = term({
  tasks: ['下达任务', 'issues tasks'], events: ['上报事件', 'reports events'], read: ['只读', 'reads only'],
  admin: ['管理员', 'administrator'],
});

/** What `/api/health` warns of. */
export const warningTerm = term({
  full: ['Redis 内存已满：新任务被拒绝', 'Redis is full: new tasks are refused'],
  evicts: ['Redis 会淘汰数据：把 maxmemory-policy 设为 noeviction', 'Redis evicts: set maxmemory-policy to noeviction'],
  not_persistent: ['Redis 未持久化：重启会丢失任务', 'Redis does not persist: a restart loses tasks'],
  disk_failing: ['Redis 写盘失败', 'Redis cannot write to its disk'],
  too_few_replicas: ['Redis 副本不足', 'Redis has too few replicas'],
  replica: ['连到的是 Redis 副本', 'this Redis is a replica'], old_redis: ['Redis 版本过旧', 'this Redis is too old'],
});

/** A state as a badge: sign, colour and word, so that none of them has to be seen. */
export const statusBadge = (status) => h('span.badge', { 'data-status': status }, statusTerm(status));

/** Nothing for `normal`: what is special should show. */
export const priorityBadge = (priority) =>
  priority && priority !== 'normal' ? h('span.priority', { 'data-priority': priority }, priorityTerm(priority)) : null;
