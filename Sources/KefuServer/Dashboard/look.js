// Language and colours, before the first paint: a plain script, so that neither flashes. Everything here survives a
// browser that refuses storage: then the choice lasts as long as the page.
(() => {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const kept = (name) => {
    try { return localStorage.getItem('kefu.' + name); } catch { return null; }
  };
  const keep = (name, value) => {
    try { localStorage.setItem('kefu.' + name, value); } catch { /* it lasts as long as the page */ }
  };
  const look = {
    language: kept('language') === 'en' ? 'en' : 'zh',
    /** `auto`, `light` or `dark`. */
    theme: ['light', 'dark'].includes(kept('theme')) ? kept('theme') : 'auto',
    shortcuts: kept('shortcuts') !== 'off',
    keep(name, value) {
      look[name] = value;
      keep(name, value === false ? 'off' : value);
      apply();
    },
  };
  const apply = () => {
    root.lang = look.language === 'en' ? 'en' : 'zh-CN';
    root.dataset.theme = look.theme === 'auto' ? (dark.matches ? 'dark' : 'light') : look.theme;
  };
  dark.addEventListener('change', apply);
  apply();
  window.kefuLook = look;

  // A file of the page that did not arrive leaves nothing that could say so: this does.
  addEventListener('error', ({ target }) => {
    const banner = document.getElementById('banner');
    if (!(target instanceof HTMLScriptElement || target instanceof HTMLLinkElement) || !banner) return;
    const again = document.createElement('button');
    again.textContent = look.language === 'en' ? 'Load it again' : '重新加载';
    again.onclick = () => location.reload();
    banner.hidden = false;
    banner.replaceChildren(look.language === 'en' ? 'The page did not load completely.' : '页面没有加载完整。', again);
  }, true);
})();
