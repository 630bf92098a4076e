// Shows /api/openapi.json. Everything goes into the page as text, never as markup.
const made = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

let api;
const resolved = (node) => {
  while (node && node.$ref) {
    node = node.$ref.slice(2).split('/').reduce((value, key) => value[key], api);
  }
  return node ?? {};
};
const nameOf = (node) => (node && node.$ref ? node.$ref.split('/').pop() : null);

// What stands between backticks is code.
const words = (text) => text.split('`').map((part, index) => (index % 2 ? made('code', {}, part) : part));

// Chinese first; what stands behind the empty line is English.
const paragraphs = (text) => {
  const box = document.createDocumentFragment();
  (text ?? '').split('\n\n').forEach((part, index) => {
    if (part) box.append(made('p', { className: index ? 'english' : '', lang: index ? 'en' : 'zh-CN' }, ...words(part)));
  });
  return box;
};

const limits = (schema) => {
  const said = [];
  const range = (least, most, unit) => {
    if (least !== undefined || most !== undefined) said.push(`${least ?? '…'}–${most ?? '…'}${unit}`);
  };
  range(schema.minLength, schema.maxLength, ' 字符 chars');
  range(schema.minItems, schema.maxItems, ' 项 items');
  range(schema.minimum ?? (schema.exclusiveMinimum === undefined ? undefined : `>${schema.exclusiveMinimum}`),
    schema.maximum, '');
  if (schema.maxProperties !== undefined) said.push(`≤${schema.maxProperties}`);
  if (schema.default !== undefined) said.push(`默认 default ${JSON.stringify(schema.default)}`);
  if (schema.const !== undefined) said.push(`= ${JSON.stringify(schema.const)}`);
  if (schema.enum) said.push(schema.enum.filter((word) => word !== null).map((word) => JSON.stringify(word)).join(' | '));
  return said.join(' · ');
};

const typeOf = (schema) => {
  if (schema.type === 'array' || (Array.isArray(schema.type) && schema.type.includes('array'))) {
    return `${schema.items ? typeOf(resolved(schema.items)) : 'any'}[]`;
  }
  return [schema.type ?? (schema.oneOf || schema.anyOf ? '' : 'any')].flat().filter((type) => type !== 'null').join(' | ');
};

const inner = (schema, depth) => {
  const node = resolved(schema);
  if (depth > 8) return null;
  const choices = node.oneOf ?? node.anyOf;
  if (choices && !node.properties) {
    return made('ul', { className: 'fields' }, ...choices.map((choice) => {
      const variant = resolved(choice);
      const below = inner(choice, depth + 1);
      if (!below) return made('li', {}, made('code', {}, [typeOf(variant), limits(variant)].filter(Boolean).join(' ')));
      return made('li', {}, made('details', { open: depth === 0 && choices.length < 3 },
        made('summary', {}, '或 or ', made('code', {}, nameOf(choice) ?? variant.title ?? typeOf(variant))),
        paragraphs(variant.description), below));
    }));
  }
  if (node.properties) {
    const needed = new Set(node.required ?? []);
    return made('ul', { className: 'fields' }, ...Object.entries(node.properties)
      .filter(([, property]) => resolved(property).type !== 'null')
      .map(([name, property]) => field(name, property, needed.has(name), depth)));
  }
  return node.items ? inner(node.items, depth + 1) : null;
};

const field = (name, schema, isNeeded, depth) => {
  const node = resolved(schema);
  const below = inner(schema, depth + 1);
  return made('li', {},
    made('code', {}, name), ' ',
    made('span', { className: 'quiet' }, typeOf(node)), ' ',
    isNeeded ? made('span', { className: 'required' }, '必填 required ') : null,
    made('span', { className: 'quiet' }, limits(node)),
    paragraphs(node.description),
    below ? made('details', { open: depth < 1 && Object.keys(node.properties ?? {}).length < 4 },
      made('summary', { className: 'quiet' }, '内容 content'), below) : null);
};

const curl = (method, path, operation) => {
  let target = path;
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, parameter.example ?? parameter.name);
  }
  const words = ['curl', method === 'post' ? '-X POST' : path.endsWith('/stream') ? '-N' : '', `${location.origin}${target}`];
  if (operation['x-role'] !== 'open') words.push("-H 'Authorization: Bearer …'");
  const body = Object.values(operation.requestBody?.content ?? {})[0];
  if (body?.example) words.push(`-d '${JSON.stringify(body.example, null, 2)}'`);
  return words.filter(Boolean).join(' ');
};

const answer = (status, node) => {
  const response = resolved(node);
  const content = Object.entries(response.content ?? {})[0];
  const [type, body] = content ?? ['', {}];
  const example = body.example === undefined ? null
    : made('pre', {}, typeof body.example === 'string' ? body.example : JSON.stringify(body.example, null, 2));
  return made('li', {}, made('details', {},
    made('summary', {}, made('code', {}, status), ' ', ...words((response.description ?? '').split('\n\n')[0])),
    paragraphs((response.description ?? '').split('\n\n').slice(1).map((text) => `\n\n${text}`).join('')),
    type ? made('p', { className: 'quiet' }, type) : null,
    example, body.schema ? inner(body.schema, 1) : null));
};

const shown = (path, method, operation) => {
  const inputs = operation.parameters ?? [];
  const body = Object.values(operation.requestBody?.content ?? {})[0];
  return made('details', { className: 'operation', id: operation.operationId },
    made('summary', {},
      made('span', { className: `method ${method}` }, method.toUpperCase()), ' ', made('code', {}, path), ' ',
      made('span', {}, operation.summary), ' ', made('span', { className: 'quiet' }, `(${operation['x-role']})`)),
    made('div', {},
      paragraphs(operation.description),
      made('pre', { tabIndex: 0 }, curl(method, path, operation)),
      inputs.length ? made('h4', {}, '参数 Parameters') : null,
      inputs.length ? made('ul', { className: 'fields' }, ...inputs.map((parameter) =>
        field(`${parameter.name} (${parameter.in})`, { ...resolved(parameter.schema), description: parameter.description },
          parameter.required, 1))) : null,
      body ? made('h4', {}, '请求体 Body') : null,
      body ? paragraphs(resolved(body.schema).description) : null,
      body ? inner(body.schema, 0) : null,
      made('h4', {}, '回答 Answers'),
      made('ul', { className: 'fields' }, ...Object.entries(operation.responses).map(([status, node]) => answer(status, node)))));
};

const open = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.scrollIntoView();
  }
};

const main = document.getElementById('operations');
try {
  const response = await fetch('/api/openapi.json');
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  api = await response.json();
  const contents = document.getElementById('contents');
  main.replaceChildren(paragraphs(api.info.description));
  for (const tag of api.tags) {
    const operations = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods)
      .filter(([, operation]) => operation.tags?.includes(tag.name))
      .map(([method, operation]) => [path, method, operation]));
    contents.append(made('p', {}, made('strong', {}, tag.name)), made('ul', {}, ...operations.map(([, , operation]) =>
      made('li', {}, made('a', { href: `#${operation.operationId}` }, operation.summary)))));
    main.append(made('h2', {}, tag.name), ...operations.map(([path, method, operation]) => shown(path, method, operation)));
  }
  document.querySelector('h1').append(` ${api.info.version}`);
  addEventListener('hashchange', open);
  open();
} catch (error) {
  main.replaceChildren(made('p', { className: 'wrong', role: 'alert' }, `读取失败 Could not be read: ${error.message}`));
}
