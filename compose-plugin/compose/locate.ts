import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { type Found, items, lookUp, pairs, text } from './yaml-nodes.ts';

/** Where a value of the model was written. `depth` counts the steps of the path that were found. */
export interface Place {
  file: string;
  line: number;
  depth: number;
}

interface Source {
  file: string;
  document: Document;
  lines: LineCounter;
}

const MAX_FILES = 64;

/**
 * Finds the line that wrote the value at `path` of the model. Later files win, as they do in the merge;
 * included files and `extends` are followed. Of several candidates the one that shows most of the path is
 * taken.
 */
export function locate(files: readonly string[], path: readonly string[]): Place | undefined {
  const seen = new Set<string>();
  let best: Place | undefined;
  const visit = (file: string, sought: readonly string[]): void => {
    const id = `${file}\0${sought.join('\0')}`;
    if (seen.has(id) || seen.size >= MAX_FILES) return;
    seen.add(id);
    for (const source of read(file)) {
      const found = lookUp(source.document, sought);
      if (found !== undefined && found.depth > (best?.depth ?? 0)) best = place(source, found);
      for (const included of includes(source)) visit(included, sought);
      const base = extended(source, sought);
      if (base !== undefined) visit(base.file, base.path);
    }
  };
  for (const file of [...files].reverse()) visit(file, path);
  return best;
}

function read(file: string): Source[] {
  try {
    const lines = new LineCounter();
    const options = { lineCounter: lines, logLevel: 'silent', merge: false } as const;
    const documents = parseAllDocuments(readFileSync(file, 'utf8'), options);
    return [...documents].map((document) => ({ file, document, lines }));
  } catch {
    return [];
  }
}

function place({ file, lines }: Source, { offset, depth }: Found): Place {
  return { file, line: lines.linePos(offset).line, depth };
}

/** Files that `include` names: a list of paths, or of mappings with one or more paths. */
function includes({ file, document }: Source): string[] {
  const list = pairs(document.contents, document).get('include')?.value;
  return items(list, document)
    .flatMap((item) => {
      const path = text(item) === undefined ? pairs(item, document).get('path')?.value : item;
      return [path, ...items(path, document)].flatMap((one) => text(one) ?? []);
    })
    .map((path) => resolve(dirname(file), path));
}

/** The file that the sought service extends, with the path of the value in that file. */
function extended(source: Source, path: readonly string[]): { file: string; path: string[] } | undefined {
  const { file, document } = source;
  const [section, service, ...rest] = path;
  if (section !== 'services' || service === undefined) return undefined;
  const services = pairs(document.contents, document).get('services')?.value;
  const body = pairs(services, document).get(service)?.value;
  const base = pairs(body, document).get('extends')?.value;
  const fields = pairs(base, document);
  const name = text(base) ?? text(fields.get('service')?.value);
  if (name === undefined) return undefined;
  const other = text(fields.get('file')?.value);
  return {
    file: other === undefined ? file : resolve(dirname(file), other),
    path: ['services', name, ...rest],
  };
}
