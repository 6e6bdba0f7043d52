// Elements, built without markup: what traces say becomes text and nothing else.

type Child = Node | string | null;

/** An element with its class (after a dot), its children, and its attributes. */
export function el(
  kind: string,
  children: readonly Child[] = [],
  attributes: Record<string, string> = {},
): HTMLElement {
  const [tag = 'div', ...classes] = kind.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** A row of a table. */
export function row(cells: readonly (Child | Child[])[], cell = 'td'): HTMLElement {
  return el(
    'tr',
    cells.map((one) => el(cell, Array.isArray(one) ? one : [one])),
  );
}
