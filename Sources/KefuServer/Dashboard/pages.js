// Walks lists by their cursors. One call of the server looks at a bounded number of records, so a filtered page may be
// short or empty and still not be the last: the walk goes on until a page is full or the end is reached.
import { get, patiently } from './api.js';

const biggestPage = 500;

/**
 * A walk over `/api/task/list` or `/api/callbacks`.
 *
 * `keeps` filters further on this side. `more(count, found)` calls `found` with each piece as it comes and resolves
 * when there are `count` of them, the end is reached, or the signal says stop.
 */
export function walk(path, member, parameters, { keeps = () => true } = {}) {
  let cursor = null, isAtEnd = false, spare = [];
  return {
    get isAtEnd() { return isAtEnd && spare.length === 0; },
    async more(count, found, signal) {
      let left = count;
      while (left > 0 && !signal?.aborted) {
        if (spare.length === 0) {
          if (isAtEnd) return;
          const query = new URLSearchParams(parameters);
          query.set('limit', Math.min(biggestPage, Math.max(left, 20)));
          if (cursor) query.set('cursor', cursor);
          const page = await patiently(() => get(`${path}?${query}`, { signal }), { signal });
          cursor = page.next_cursor;
          isAtEnd = !cursor;
          spare = page[member].filter(keeps);
        }
        const piece = spare.splice(0, left);
        left -= piece.length;
        if (piece.length > 0 || !isAtEnd) found(piece);
      }
    },
  };
}
