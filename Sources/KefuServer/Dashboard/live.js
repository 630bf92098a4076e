// The live stream of changes, read with fetch because EventSource cannot send a token. One connection for the page:
// it resumes where it was, pauses longer after each failure, and rests while nobody looks at the page, so that many
// open tabs do not use up the browser's connections.
import { authorization, session } from './api.js';

/** Events: `task` and `stats` (detail: the data), `gap` (changes were missed: read again), `state` (detail: below). */
export const live = new EventTarget();

/** `off`, `connecting`, `on`, `lost`, `resting`. */
export let state = 'off';

/** Without a byte for so long the connection counts as dead: heartbeats come every 15 s. */
const silenceLimit = 40_000;
const pauses = [500, 1000, 2000, 4000, 8000, 15_000];
/** After an end that the server announced. */
const orderlyPause = 300;
/** How long a hidden page stays connected. */
const hiddenLimit = 30_000;

/** A view that opens waits so long for the connection. */
const patience = 1000;

let lastID = null;
let failures = 0;
let running = null;
let wake = null;
let hiding = 0;

export function start() {
  if (running) return;
  running = new AbortController();
  loop(running.signal);
}

export function stop(next = 'off') {
  running?.abort();
  running = null;
  wake?.();
  tell(next);
}

/** Resolves when it is known whether there is a connection; what is read after that misses no change. */
export const settled = () => new Promise((resolve) => {
  if (state === 'on' || state === 'lost') return resolve();
  const look = ({ detail }) => {
    if (detail.state === 'connecting') return;
    live.removeEventListener('state', look);
    resolve();
  };
  live.addEventListener('state', look);
  setTimeout(resolve, patience);
  return undefined;
});

/** Does not wait for the end of the pause. */
export const hurry = () => wake?.();

document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => running && stop('resting'), hiddenLimit);
  else if (state === 'resting') start();
});
addEventListener('online', hurry);

function tell(next, detail = {}) {
  const before = state;
  state = next;
  live.dispatchEvent(new CustomEvent('state', { detail: { state, before, ...detail } }));
}

async function loop(signal) {
  while (!signal.aborted) {
    if (state !== 'lost') tell('connecting');
    let orderly = false;
    try {
      orderly = await connection(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401) {
        stop();
        session.dispatchEvent(new CustomEvent('signed-out', { detail: { hadToken: true } }));
        return;
      }
    }
    if (signal.aborted) return;
    const pause = orderly ? orderlyPause : pauses[Math.min(failures, pauses.length - 1)] * (0.8 + 0.4 * Math.random());
    failures += 1;
    if (!orderly || failures > 1) tell('lost', { pause });
    await rest(pause);
  }
}

const rest = (ms) => new Promise((resolve) => {
  const timer = setTimeout(resolve, ms);
  wake = () => { clearTimeout(timer); resolve(); };
});

/** @returns whether the server ended it and said so. */
async function connection(signal) {
  const attempt = new AbortController();
  const end = () => attempt.abort();
  signal.addEventListener('abort', end, { once: true });
  let watch = setTimeout(end, silenceLimit);
  try {
    const headers = { ...authorization(), Accept: 'text/event-stream' };
    if (lastID) headers['Last-Event-ID'] = lastID;
    const answer = await fetch('/api/task/stream?stats=true', { headers, signal: attempt.signal, cache: 'no-store' });
    if (!answer.ok || !answer.body) throw Object.assign(new Error('refused'), { status: answer.status });
    failures = 0;
    tell('on');
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    const parse = parser();
    let orderly = false;
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return orderly;
      clearTimeout(watch);
      watch = setTimeout(end, silenceLimit);
      for (const event of parse(value)) orderly = deliver(event) || orderly;
    }
  } finally {
    clearTimeout(watch);
    signal.removeEventListener('abort', end);
    attempt.abort();
  }
}

/** @returns whether the server is about to end the connection. */
function deliver({ name, id, data }) {
  if (id) lastID = id;
  if (name === 'closing' || name === 'dropped') {
    // What a dropped reader has missed the next connection sends again.
    return true;
  }
  if (name !== 'task' && name !== 'stats' && name !== 'gap') return false;
  let detail = null;
  try { detail = JSON.parse(data || 'null'); } catch { return false; }
  live.dispatchEvent(new CustomEvent(name, { detail }));
  return false;
}

/** A parser of `text/event-stream`: takes the text as it comes, gives the events that are complete. */
export function parser() {
  let rest = '', event = { name: 'message', data: [] };
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    const events = [];
    for (const line of lines) {
      if (line === '') {
        if (event.data.length > 0 || event.id || event.name !== 'message') {
          events.push({ ...event, data: event.data.join('\n') });
        }
        event = { name: 'message', data: [] };
        continue;
      }
      const colon = line.indexOf(':');
      if (colon === 0) continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === 'event') event.name = value;
      else if (field === 'data') event.data.push(value);
      else if (field === 'id') event.id = value;
    }
    return events;
  };
}
