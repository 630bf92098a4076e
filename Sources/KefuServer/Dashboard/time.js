// Times as people read them. The server writes them in its configured zone; that is what is shown, wherever the
// browser stands. How long ago something was is counted by the server's clock, learnt from its answers.
import { h, t } from './dom.js';

/** Server's clock minus ours, in ms. */
let skew = 0;

/** Learns from the `Date` field of an answer, which has whole seconds: smaller differences mean nothing. */
export function learnClock(dateField) {
  const difference = Date.parse(dateField ?? '') - Date.now();
  if (!Number.isNaN(difference)) skew = Math.abs(difference) > 2000 ? difference : 0;
}

export const now = () => Date.now() + skew;

/** `2026-02-27T09:00:00.000+08:00` as `02-27 09:00:00`; with the year when it is not this one's. */
export function clockText(text, withYear = false) {
  const [, year, day, time] = /^(\d{4})-(\d\d-\d\d)T(\d\d:\d\d:\d\d)/.exec(text ?? '') ?? [];
  if (!year) return '–';
  const isForeign = year !== String(new Date(now()).getFullYear());
  return `${withYear || isForeign ? year + '-' : ''}${day} ${time}`;
}

/** The wall time in the server's zone, as `<input type="datetime-local" step="1">` wants it. */
export const inputText = (text) => (text ?? '').slice(0, 19);

/** A span in the largest fitting unit. */
export function spanText(ms) {
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 1) return t(`${Math.round(Math.abs(ms))} 毫秒`, `${Math.round(Math.abs(ms))} ms`);
  if (seconds < 60) return t(`${Math.round(seconds)} 秒`, `${Math.round(seconds)} s`);
  if (seconds < 3600) return t(`${Math.round(seconds / 60)} 分钟`, `${Math.round(seconds / 60)} min`);
  if (seconds < 172800) {
    const hours = Math.round(seconds / 360) / 10;
    return t(`${hours} 小时`, `${hours} h`);
  }
  return t(`${Math.round(seconds / 86400)} 天`, `${Math.round(seconds / 86400)} days`);
}

/** How far away a moment is: `3 分钟前`, `2 小时后`. */
export function agoText(text) {
  const difference = now() - Date.parse(text);
  if (Number.isNaN(difference)) return '–';
  if (Math.abs(difference) < 1500) return t('刚刚', 'just now');
  const span = spanText(difference);
  return difference > 0 ? t(`${span}前`, `${span} ago`) : t(`${span}后`, `in ${span}`);
}

/** A moment as `<time>`. */
export const moment = (text) => (text ? h('time', { datetime: text, title: text }, clockText(text)) : '–');

/** How far away a moment is, kept current by ``tick``. */
export const ago = (text) =>
  text ? h('time', { datetime: text, title: clockText(text, true), 'data-ago': true }, agoText(text)) : '–';

const countdown = 5000;

/** Keeps all ``ago`` on the page current. */
export function tick() {
  setInterval(() => {
    for (const one of document.querySelectorAll('time[data-ago]')) {
      const text = agoText(one.dateTime);
      if (one.textContent !== text) one.textContent = text;
    }
  }, countdown);
}

/** A number with its thousands apart. */
export const number = (value) => Number(value ?? 0).toLocaleString('en-US');
