// How the page is put together: who may see it, which view is open, and what stands around the views.
import { h, t, look, sign, signs, swap } from './dom.js';
import { access, keepToken, learnAccess, may, session, token } from './api.js';
import * as stream from './live.js';
import { askToken, showShortcuts } from './dialogs.js';
import { remark, trouble, troubleText } from './parts.js';
import { spanText, tick } from './time.js';
import { roleTerm } from './terms.js';
import * as now from './now.js';
import * as tasks from './tasks.js';
import * as task from './task.js';
import * as failures from './failures.js';
import * as trial from './try.js';

const views = {
  now: { open: now.open, need: ['read'], title: () => t('现在', 'Now') },
  tasks: { open: tasks.open, need: ['read'], title: () => t('任务', 'Tasks') },
  task: { open: task.open, need: ['read'], title: (id) => id },
  failures: { open: failures.open, need: ['read'], title: () => t('失败', 'Failures') },
  try: { open: trial.open, need: ['tasks', 'events'], title: () => t('试一试', 'Try') },
};
const find = (id) => document.getElementById(id);
const allows = (needs) => needs.some(may);

let leave = null;
let isReady = false;

/** Opens the view that the address names, or the first that the role allows. */
function route() {
  if (!isReady) return;
  const [, name, argument, query] = /^#\/([a-z]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(location.hash) ?? [];
  const first = may('read') ? 'now' : 'try';
  const chosen = views[name] && (allows(views[name].need) || name === 'try') ? name : first;
  leave?.abort();
  leave = new AbortController();
  const host = h('div', { class: `view view-${chosen}` });
  const id = argument === undefined ? undefined : decoded(argument);
  const parameters = new URLSearchParams(query);
  for (const link of find('nav').querySelectorAll('a')) {
    const isHere = link.hash === `#/${chosen === 'task' ? 'tasks' : chosen}`;
    if (isHere) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  document.title = `${views[chosen].title(id)} · Kefu`;
  swap(find('view'), host);
  const { signal } = leave;
  Promise.resolve(views[chosen].open(host, { argument: id, params: parameters, signal })).catch((error) => {
    if (!signal.aborted) host.append(trouble(error, route));
  });
  return host;
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** A new view begins at its top, with its heading read. */
function navigate() {
  const host = route();
  scrollTo(0, 0);
  host?.querySelector('h1')?.focus({ preventScroll: true });
}

/** The frame in the chosen language, for the role. */
function frame() {
  for (const one of document.querySelectorAll('[data-en]')) {
    one.dataset.zh ??= one.textContent;
    one.textContent = t(one.dataset.zh, one.dataset.en);
  }
  find('nav').setAttribute('aria-label', t('主导航', 'Main'));
  find('nav').hidden = !isReady;
  for (const link of find('nav').querySelectorAll('a')) link.hidden = !allows(link.dataset.need.split(' '));
  swap(find('language'), t('English', '中文'));
  find('language').lang = t('en', 'zh-CN');
  find('language').setAttribute('aria-label', t('Switch to English', '切换到中文'));
  const theme = { auto: t('自动', 'Auto'), light: t('浅色', 'Light'), dark: t('深色', 'Dark') }[look.theme];
  swap(find('theme'), sign(signs[{ auto: 'auto', light: 'sun', dark: 'moon' }[look.theme]]));
  find('theme').setAttribute('aria-label', t(`外观：${theme}`, `Appearance: ${theme}`));
  find('theme').title = t(`外观：${theme}`, `Appearance: ${theme}`);
  account();
  showState({ state: stream.state });
}

function account() {
  const button = find('account');
  button.hidden = !isReady || access.anonymous !== false;
  if (button.hidden) return;
  swap(button, sign(signs.key), h('bdi', null, access.name ?? ''), h('span.sub', null, roleTerm(access.role)));
  button.setAttribute('aria-label', t(`令牌 ${access.name}（${roleTerm(access.role)}），点此退出`,
    `Token ${access.name} (${roleTerm(access.role)}), sign out`));
}

/** Says whether changes arrive. What is shown stays; it is marked as old. */
function showState({ state, before, pause }) {
  const link = find('link');
  const text = {
    on: t('实时', 'Live'), connecting: t('连接中', 'Connecting'), lost: t('已断开', 'Disconnected'),
    resting: t('已暂停', 'Resting'), off: '',
  }[state];
  link.dataset.state = state;
  link.hidden = state === 'off';
  if (link.lastElementChild.textContent !== text) link.lastElementChild.textContent = text;
  const banner = find('banner');
  if (state === 'lost') {
    banner.hidden = false;
    swap(banner, t('与服务器的连接已中断，页面显示的是断开前的内容。', 'The connection is lost; what you see is from before.'), ' ',
      pause > 2000 ? t(`${spanText(pause)}后重新连接。`, `Trying again in ${spanText(pause)}.`) : t('正在重新连接…', 'Reconnecting…'),
      h('button', { type: 'button', 'data-key': 'now', onclick: stream.hurry }, t('立即重连', 'Reconnect now')));
  } else if (state === 'on' || state === 'off') {
    const wasShown = !banner.hidden;
    banner.hidden = true;
    if (wasShown && state === 'on') remark(t('连接已恢复', 'Connected again'));
  }
  document.body.dataset.link = state;
}

/** Asks for a token, when the server wants one, until it knows it. */
async function enter() {
  try {
    await learnAccess();
  } catch (error) {
    if (error.status === 401) return undefined;
    swap(find('view'), trouble(error, enter));
    return undefined;
  }
  if (may('read')) {
    stream.start();
    await stream.settled();
  }
  isReady = true;
  frame();
  navigate();
  return undefined;
}

let isAsking = false;
session.addEventListener('signed-out', ({ detail }) => {
  // Several calls may be refused at once, and a wrong token while it is asked for.
  if (isAsking) return;
  isAsking = true;
  isReady = false;
  stream.stop();
  leave?.abort();
  swap(find('view'));
  frame();
  const reason = detail.hadToken && token()
    ? t('令牌无效，或已被更换。', 'The token is wrong, or has been replaced.')
    : t('这台服务器设有访问令牌。', 'This server wants an access token.');
  askToken(reason, async (text) => {
    keepToken(text);
    try { await learnAccess(); } catch (error) {
      keepToken(null);
      throw error;
    }
  }).then(() => {
    isAsking = false;
    enter();
  });
});

stream.live.addEventListener('state', ({ detail }) => showState(detail));
failures.countFailures(find('failed-count'));
addEventListener('hashchange', navigate);
find('language').onclick = () => {
  look.keep('language', look.language === 'en' ? 'zh' : 'en');
  frame();
  route();
};
find('theme').onclick = () => {
  look.keep('theme', { auto: 'light', light: 'dark', dark: 'auto' }[look.theme]);
  frame();
};
find('account').onclick = () => {
  keepToken(null);
  session.dispatchEvent(new CustomEvent('signed-out', { detail: { hadToken: false } }));
};

addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && event.target.matches?.('input, textarea, select')) event.target.blur();
  const isTyping = event.target.closest?.('input, textarea, select, dialog');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !look.shortcuts && event.key !== '?' || !isReady) return;
  const paths = { 1: '#/now', 2: '#/tasks', 3: '#/failures', 4: '#/try' };
  if (event.key === '/' && may('read')) {
    event.preventDefault();
    if (!find('search')) location.hash = '#/tasks';
    requestAnimationFrame(() => setTimeout(() => find('search')?.focus()));
  } else if (event.key === '?') showShortcuts();
  else if (paths[event.key]) location.hash = paths[event.key];
});
addEventListener('unhandledrejection', (event) => {
  if (event.reason?.name !== 'AbortError') remark(troubleText(event.reason), 'bad');
});

frame();
tick();
enter();
