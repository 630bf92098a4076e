// Questions to the person: for a token, for a confirmation with or without a form, and the list of shortcuts.
import { h, t, look } from './dom.js';
import { field, trouble } from './parts.js';

/**
 * Shows a dialog with a form.
 *
 * `send` is called with the form when it is submitted; what it throws is shown and the dialog stays. Resolves to
 * whether it was done: closing by Esc or the button is a no.
 */
export function ask({ title, body, confirm, danger, send, dismissable = true }) {
  return new Promise((resolve) => {
    let done = false;
    const errors = h('div');
    const yes = h('button.primary', { type: 'submit', class: danger ? 'danger' : undefined }, confirm);
    const no = h('button', { type: 'button', onclick: () => dialog.close() }, t('返回', 'Back'));
    const form = h('form', {
      onsubmit: async (event) => {
        event.preventDefault();
        if (yes.disabled) return;
        yes.disabled = true;
        errors.replaceChildren();
        try {
          await send(form);
          done = true;
          dialog.close();
        } catch (error) {
          errors.replaceChildren(trouble(error));
        } finally {
          yes.disabled = false;
        }
      },
    }, h('h2', { id: 'dialog-title' }, title), body, errors,
    h('div.buttons', null, dismissable ? no : null, yes));
    const dialog = h('dialog', {
      'aria-labelledby': 'dialog-title',
      oncancel: (event) => { if (!dismissable) event.preventDefault(); },
      onclose: () => {
        dialog.remove();
        resolve(done);
      },
    }, form);
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector('input:not([type=checkbox], [hidden]), textarea, select') ?? (danger ? no : yes)).focus();
  });
}

/** Asks for a token; resolves when `check` has accepted one, or the browser has closed the dialog all the same. */
export function askToken(reason, check) {
  const input = h('input', {
    type: 'password', name: 'token', autocomplete: 'current-password', required: true, spellcheck: 'false',
    autocapitalize: 'off', id: 'token',
  });
  return ask({
    title: t('请输入访问令牌', 'Enter an access token'), dismissable: false,
    body: [
      h('p', { id: 'token-reason' }, reason),
      // For password managers, which want to know whose it is.
      h('input', { type: 'text', name: 'username', autocomplete: 'username', value: 'kefu', hidden: true }),
      field(t('令牌', 'Token'), input, t('只保存在这个浏览器标签页里，关闭后即忘记。',
        'Kept in this browser tab alone, and forgotten when it is closed.')),
    ],
    confirm: t('进入', 'Enter'), send: () => check(input.value.trim()),
  });
}

/** What the keyboard can do. Single keys can be switched off (WCAG 2.1.4). */
export function showShortcuts() {
  const lines = [
    ['/', t('搜索任务', 'search tasks')], ['1 – 4', t('切换视图', 'go to a view')],
    ['Esc', t('关闭对话框，离开输入框', 'close a dialog, leave a field')], ['?', t('显示这张表', 'show this list')],
  ];
  const box = h('input', { type: 'checkbox', checked: look.shortcuts, id: 'shortcuts' });
  return ask({
    title: t('键盘快捷键', 'Keyboard shortcuts'), confirm: t('好', 'OK'),
    body: [
      h('dl.keys', null, lines.map(([keys, text]) => [h('dt', null, h('kbd', null, keys)), h('dd', null, text)])),
      h('label.check', null, box, t('使用单键快捷键', 'Use single-key shortcuts')),
    ],
    send: () => look.keep('shortcuts', box.checked),
  });
}
