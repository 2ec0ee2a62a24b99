/** Tables of text that fit the terminal. */

/** Columns that belong together and stay together. */
export interface Group {
  /** Stands above the columns, if there is any. */
  title?: string;
  columns: string[];
}

/** Cells, as many as there are columns in all groups; or a remark in their place. */
export interface Row {
  name: string;
  cells: string[] | string;
}

const GAP = '  ';

/**
 * Names stand to the left, cells to the right. Groups that do not fit beside each other go below, in a table of their own;
 * remarks are in the first one.
 */
export function table(groups: readonly Group[], rows: readonly Row[], width: number): string {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const filled = placed(groups, rows);
  const parts: PlacedGroup[][] = [];
  let room = 0;
  for (const group of filled) {
    room -= group.width + GAP.length;
    if (room < 0 || parts.length === 0) {
      parts.push([]);
      room = width - nameWidth - group.width - GAP.length;
    }
    parts.at(-1)?.push(group);
  }
  return parts
    .map((part, at) =>
      partText(part, at === 0 ? rows : rows.filter(({ cells }) => Array.isArray(cells)), nameWidth, width),
    )
    .join('\n\n');
}

interface PlacedGroup {
  title: string | undefined;
  columns: { title: string; at: number; width: number }[];
  width: number;
}

function placed(groups: readonly Group[], rows: readonly Row[]): PlacedGroup[] {
  let at = 0;
  return groups.map(({ title, columns }) => {
    const sized = columns.map((column) => {
      const cells = rows.map((row) => (Array.isArray(row.cells) ? (row.cells[at] ?? '') : ''));
      return { title: column, at: at++, width: Math.max(column.length, ...cells.map((cell) => cell.length)) };
    });
    const width = sized.reduce((sum, column) => sum + column.width, GAP.length * (sized.length - 1));
    const missing = Math.max((title?.length ?? 0) - width, 0);
    // A long title widens its first column.
    if (sized[0] !== undefined) sized[0].width += missing;
    return { title, columns: sized, width: width + missing };
  });
}

function partText(groups: readonly PlacedGroup[], rows: readonly Row[], nameWidth: number, width: number): string {
  const columns = groups.flatMap((group) => group.columns);
  const lineOf = (name: string, cells: readonly string[]): string =>
    [name.padEnd(nameWidth), ...cells].join(GAP).trimEnd();
  const lines = [
    lineOf(
      '',
      columns.map((column) => column.title.padStart(column.width)),
    ),
  ];
  if (groups.some((group) => group.title !== undefined)) {
    const titles = groups.map((group) => (group.title ?? '').padStart(group.width));
    lines.unshift(lineOf('', titles));
  }
  for (const { name, cells } of rows) {
    if (Array.isArray(cells)) {
      const texts = columns.map((column) => (cells[column.at] ?? '').padStart(column.width));
      lines.push(lineOf(name, texts));
    } else {
      wrap(cells, width - nameWidth - GAP.length).forEach((line, at) =>
        lines.push(lineOf(at === 0 ? name : '', [line])),
      );
    }
  }
  return lines.join('\n');
}

/** Lines of at most `width` characters where words allow it. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line === '') line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}
