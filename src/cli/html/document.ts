/**
 * As much of a DOM as Observable Plot needs to draw: elements and text that are put together once, and then written down. No
 * selectors, no events, no layout.
 */

const SVG = 'http://www.w3.org/2000/svg';

/** What Plot is given in place of a browser's `document`. */
export class DrawingDocument {
  readonly documentElement: Element = new Element(this, 'html', null);

  createElement(name: string): Element {
    return new Element(this, name, null);
  }

  createElementNS(namespace: string, name: string): Element {
    return new Element(this, name, namespace);
  }

  createTextNode(text: string): Text {
    return new Text(this, text);
  }
}

class Node {
  parentNode: Element | null = null;
  readonly ownerDocument: DrawingDocument;

  constructor(document: DrawingDocument) {
    this.ownerDocument = document;
  }

  remove(): void {
    this.parentNode?.removeChild(this);
  }
}

class Text extends Node {
  readonly #text: string;

  constructor(document: DrawingDocument, text: string) {
    super(document);
    this.#text = text;
  }

  get outerHTML(): string {
    return escapeText(this.#text);
  }

  get textContent(): string {
    return this.#text;
  }

  cloneNode(): Text {
    return new Text(this.ownerDocument, this.#text);
  }
}

export class Element extends Node {
  readonly childNodes: (Element | Text)[] = [];
  readonly #attributes = new Map<string, string>();
  readonly tagName: string;
  readonly namespaceURI: string | null;
  /** Written as the attribute. */
  readonly style: { setProperty(name: string, value: string): void; [name: string]: unknown };

  constructor(document: DrawingDocument, name: string, namespace: string | null) {
    super(document);
    this.tagName = name;
    this.namespaceURI = namespace;
    this.style = {
      setProperty: (property, value) => {
        const before = this.#attributes.get('style');
        this.#attributes.set('style', `${before === undefined ? '' : `${before};`}${property}:${value}`);
      },
    };
  }

  get firstChild(): Element | Text | null {
    return this.childNodes[0] ?? null;
  }

  get nextSibling(): Element | Text | null {
    const siblings = this.parentNode?.childNodes ?? [];
    return siblings[siblings.indexOf(this) + 1] ?? null;
  }

  setAttribute(name: string, value: unknown): void {
    this.#attributes.set(name, String(value));
  }

  setAttributeNS(_: string, name: string, value: unknown): void {
    this.setAttribute(name, value);
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }

  removeAttribute(name: string): void {
    this.#attributes.delete(name);
  }

  appendChild<Child extends Element | Text>(child: Child): Child {
    return this.insertBefore(child, null);
  }

  append(...children: (Element | Text | string)[]): void {
    for (const child of children)
      this.appendChild(typeof child === 'string' ? this.ownerDocument.createTextNode(child) : child);
  }

  insertBefore<Child extends Element | Text>(child: Child, before: Element | Text | null): Child {
    child.remove();
    const at = before === null ? this.childNodes.length : this.childNodes.indexOf(before);
    this.childNodes.splice(at, 0, child);
    child.parentNode = this;
    return child;
  }

  removeChild(child: Node): void {
    const at = this.childNodes.indexOf(child as Element);
    if (at !== -1) this.childNodes.splice(at, 1);
    child.parentNode = null;
  }

  get textContent(): string {
    return this.childNodes.map((child) => child.textContent).join('');
  }

  set textContent(text: string) {
    this.childNodes.length = 0;
    if (text !== '') this.appendChild(this.ownerDocument.createTextNode(String(text)));
  }

  /** Its children too, as Plot wants it always. */
  cloneNode(): Element {
    const clone = new Element(this.ownerDocument, this.tagName, this.namespaceURI);
    for (const [name, value] of this.#attributes) clone.setAttribute(name, value);
    for (const child of this.childNodes) clone.appendChild(child.cloneNode());
    return clone;
  }

  get outerHTML(): string {
    const attributes = [...this.#attributes].map(([name, value]) => ` ${name}="${escapeText(value)}"`).join('');
    // A style sheet is no text.
    const content =
      this.tagName === 'style' ? this.textContent : this.childNodes.map((child) => child.outerHTML).join('');
    const isEmpty = content === '' && this.namespaceURI === SVG;
    return isEmpty ? `<${this.tagName}${attributes}/>` : `<${this.tagName}${attributes}>${content}</${this.tagName}>`;
  }
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** For the content of an element, and for the value of an attribute in double quotes. */
export function escapeText(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] as string);
}
