import { type Document, isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';

/** A key's value with the key's own position. */
export interface Entry {
  value: unknown;
  offset: number;
}

/** Position of the deepest part of a path that exists. */
export interface Found {
  offset: number;
  depth: number;
}

const MAX_DEPTH = 32;

/** What an alias stands for; any other node is itself. */
const target = (node: unknown, document: Document) => (isAlias(node) ? node.resolve(document) : node);

/** Entries of a mapping, those of its merge keys (`<<`) included; empty for anything else. */
export function pairs(of: unknown, document: Document, depth = 0): Map<string, Entry> {
  const found = new Map<string, Entry>();
  const node = target(of, document);
  if (!isMap(node) || depth > MAX_DEPTH) return found;
  const merged: unknown[] = [];
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === '<<') merged.push(...(isSeq(value) ? value.items : [value]));
    else if (name !== undefined) found.set(name, { value, offset: isNode(key) ? (key.range?.[0] ?? 0) : 0 });
  }
  for (const base of merged) {
    for (const [name, entry] of pairs(base, document, depth + 1)) {
      if (!found.has(name)) found.set(name, entry);
    }
  }
  return found;
}

/** Follows a path of keys and list indexes as far as it goes. */
export function lookUp(document: Document, path: readonly string[]): Found | undefined {
  let node: unknown = document.contents;
  let found: Found | undefined;
  for (const [index, step] of path.entries()) {
    const at = target(node, document);
    const entry = isSeq(at) ? listEntry(at.items[Number(step)]) : pairs(at, document).get(step);
    if (entry === undefined) break;
    found = { offset: entry.offset, depth: index + 1 };
    node = entry.value;
  }
  return found;
}

function listEntry(item: unknown): Entry | undefined {
  return isNode(item) ? { value: item, offset: item.range?.[0] ?? 0 } : undefined;
}

/** Items of a list; empty for anything else. */
export function items(node: unknown, document: Document): readonly unknown[] {
  const list = target(node, document);
  return isSeq(list) ? list.items : [];
}

/** A scalar's text. */
export const text = (node: unknown): string | undefined =>
  isScalar(node) && typeof node.value === 'string' ? node.value : undefined;
