import type { Random } from './random.ts';
import type { EventPart } from './session-facts.ts';
import { xmlText } from './xml-text.ts';

type Cells = readonly string[];

/** The automatic pull at session start: tables of headers and rows (API guide). */
export function systemCategories(random: Random, odd: boolean): EventPart {
  const categories = [
    category(
      'General',
      ['name', 'value'],
      ['Name', 'Value'],
      [
        ['Computer Name', `HOST-${random.int(9000)}`],
        ['Owner', odd ? 'R&D <north> "lab" 山' : 'Lab'],
      ],
    ),
    category(
      'Drives',
      ['drive', 'type', 'used'],
      ['Drive', 'Type', 'Percent Used'],
      [
        ['C:\\', 'Local Disk', `${random.int(100)}%`],
        ['D:\\', 'Local Disk', `${random.int(100)}%`],
      ],
    ),
  ];
  // A category with nothing in it, and a name with signs that need escaping.
  if (odd) categories.push({ name: 'Events', inner: '' }, { name: 'Network & "more"', inner: '\n' });
  return { kind: 'system-information', categories };
}

function category(name: string, ids: Cells, headers: Cells, rows: readonly Cells[]) {
  const fields = (cells: Cells) =>
    cells.map((cell, at) => `<field name="${ids[at] ?? ''}">${xmlText(cell)}</field>`).join('');
  const lines = rows.map((row) => `                        <row>${fields(row)}</row>`).join('\n');
  const inner = `
                    <description>${fields(headers)}</description>
                    <data>
${lines}
                    </data>
                `;
  return { name, inner };
}
