// The server's answers: one way to ask, one kind of error. Knows the token, which lives as long as the browser's tab,
// and what its role may do.
import { t } from './dom.js';
import { learnClock } from './time.js';

const tokenKey = 'kefu.token';

/** An answer that is no success, or none at all (status 0). */
export class Refusal extends Error {
  constructor(status, body, retryAfter, requestID) {
    super(body?.message ?? t('连不上服务器', 'The server cannot be reached'));
    this.status = status;
    this.type = body?.error?.type;
    this.field = body?.error?.field;
    /** English, for engineers. */
    this.detail = body?.error?.detail;
    this.data = body?.data ?? null;
    /** Seconds. */
    this.retryAfter = retryAfter;
    this.requestID = requestID;
  }
}

/** Tells of `signed-out`: the token is missing or wrong. */
export const session = new EventTarget();

/** Of a browser that keeps nothing. */
let memory = null;

export function token() {
  try { return sessionStorage.getItem(tokenKey) ?? memory; } catch { return memory; }
}

export function keepToken(text) {
  memory = text;
  try {
    if (text) sessionStorage.setItem(tokenKey, text); else sessionStorage.removeItem(tokenKey);
  } catch { /* it lasts as long as the page */ }
}

export const authorization = () => (token() ? { Authorization: `Bearer ${token()}` } : {});

/** `{name, role, anonymous, may: {tasks, events, read, admin}}`. */
export let access = { may: {} };

export async function learnAccess() {
  access = await get('/api/access');
  return access;
}

export const may = (what) => access.may?.[what] === true;

export const get = (path, options) => call('GET', path, undefined, options);
export const post = (path, body, options) => call('POST', path, body, options);

/** @returns the answer's `data`. */
async function call(method, path, body, { signal } = {}) {
  const used = token();
  let answer, content;
  try {
    answer = await fetch(path, {
      method, signal, cache: 'no-store', headers: authorization(),
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    content = await answer.json().catch(() => null);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Refusal(0, null);
  }
  learnClock(answer.headers.get('Date'));
  if (answer.ok && content) return content.data;
  const retryAfter = Number(answer.headers.get('Retry-After')) || undefined;
  const refusal = new Refusal(answer.status, content, retryAfter, answer.headers.get('X-Request-Id'));
  if (answer.status === 401) session.dispatchEvent(new CustomEvent('signed-out', { detail: { hadToken: !!used } }));
  throw refusal;
}

/** Repeats a call that was refused for now (429, 503), as the contract asks: after `Retry-After`, with the same body. */
export async function patiently(ask, { signal, times = 5 } = {}) {
  for (let n = 1; ; n += 1) {
    try {
      return await ask();
    } catch (error) {
      const isForNow = error instanceof Refusal && (error.status === 429 || error.status === 503);
      if (!isForNow || n === times || signal?.aborted) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Math.min(error.retryAfter ?? 1, 10)));
    }
  }
}

export const taskPath = (id) => `/api/task/status/${encodeURIComponent(id)}`;
export const taskLink = (id) => `#/task/${encodeURIComponent(id)}`;
