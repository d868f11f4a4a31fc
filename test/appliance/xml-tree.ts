import { SaxesParser } from 'saxes';

/** An element with everything decoded; for tests that look at small documents. */
export interface Tree {
  /** Without prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Tree[];
  /** Its own text, without that of its children. */
  readonly text: string;
  /** From after its start tag to before its end tag, as sent. */
  readonly inner: string;
}

interface OpenTree extends Tree {
  readonly children: Tree[];
  text: string;
  inner: string;
  readonly from: number;
}

/** @throws where the document is not well-formed */
export function readTree(xml: string): Tree {
  const parser = new SaxesParser({ xmlns: true, position: true });
  const root: OpenTree = { name: '', attributes: {}, children: [], text: '', inner: '', from: 0 };
  const open = [root];
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ local, attributes }) => {
    const values = Object.fromEntries(Object.entries(attributes).map(([name, { value }]) => [name, value]));
    const tree: OpenTree = {
      name: local,
      attributes: values,
      children: [],
      text: '',
      inner: '',
      from: parser.position,
    };
    open.at(-1)?.children.push(tree);
    open.push(tree);
  });
  const text = (value: string) => {
    const tree = open.at(-1);
    if (tree) tree.text += value;
  };
  parser.on('text', text);
  parser.on('cdata', text);
  parser.on('closetag', () => {
    const tree = open.pop();
    const end = xml.lastIndexOf('<', parser.position - 1);
    if (tree && end >= tree.from) tree.inner = xml.slice(tree.from, end);
  });
  parser.write(xml).close();
  const [document] = root.children;
  if (!document) throw new Error('the document has no root element');
  return document;
}
