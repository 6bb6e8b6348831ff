/**
 * The little that the page needs instead of a framework. Text only ever becomes a text node: nothing that
 * somebody wrote is parsed as HTML.
 */
type Attribute = string | number | boolean | undefined | ((event: Event) => void);
type Child = Node | string | undefined;

/** An element. `onclick: fn` listens; `false` and `undefined` leave an attribute away. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, given] of Object.entries(attributes)) {
    if (typeof given === 'function') element.addEventListener(name.slice(2), given);
    else if (given !== undefined && given !== false)
      element.setAttribute(name, given === true ? '' : String(given));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** An element that index.html has. */
export function find<Type extends HTMLElement>(id: string, type: new () => Type): Type {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no #${id}`);
  return element;
}

/** One entry of a {@link list}: made once, shown again whenever its item changes. */
export interface Entry<Item> {
  readonly element: HTMLElement;
  show(item: Item): void;
}

/**
 * Shows a list and keeps the elements of items that stay: a screen reader announces only what is new, and
 * neither focus nor scroll position is lost.
 */
export function list<Item>(
  parent: HTMLElement,
  keyOf: (item: Item) => string | number,
  create: (item: Item) => Entry<Item>,
): (items: readonly Item[]) => void {
  let shown = new Map<string | number, Entry<Item>>();
  return (items) => {
    const next: typeof shown = new Map();
    let position = parent.firstElementChild;
    for (const item of items) {
      const entry = shown.get(keyOf(item)) ?? create(item);
      entry.show(item);
      if (position === entry.element) position = position.nextElementSibling;
      else parent.insertBefore(entry.element, position);
      next.set(keyOf(item), entry);
    }
    for (const [key, { element }] of shown) if (!next.has(key)) element.remove();
    shown = next;
  };
}

/** A round picture made of the first letters of a name; the same person has the same colour everywhere. */
export function avatar(id: string, name: string): HTMLElement {
  const letters = name.split(/\s+/u).flatMap((word) => [...word].slice(0, 1));
  const element = el(
    'span',
    { class: 'avatar', 'aria-hidden': 'true' },
    letters.slice(0, 2).join('').toUpperCase(),
  );
  element.style.setProperty('--hue', String(hueOf(id)));
  return element;
}

function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3_600;
  return hash % 360;
}
