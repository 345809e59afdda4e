/** A dense table: sortable columns, right-aligned numbers, rows that open something. */
import { Fragment, useMemo } from 'react';
import type { JSX, KeyboardEvent, ReactNode } from 'react';
import { createColumnHelper, createSortedRowModel, rowSortingFeature, sortFn_alphanumeric, sortFn_basic, tableFeatures, useTable } from '@tanstack/react-table';

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic } });

/** One column: what it is called and counted in, what it sorts by, what it shows. */
export type Column<Row> = {
  readonly id: string; readonly header: string; /** Unit under the name: USD, shares. */ readonly unit?: string; readonly isNumber?: boolean; readonly width?: number | string; /** Left out where space is short. */ readonly isMinor?: boolean;
  /** What it sorts by; numbers for numbers. */ value(row: Row): string | number | null; cell(row: Row): ReactNode;
};

type Props<Row> = {
  readonly columns: readonly Column<Row>[]; readonly rows: readonly Row[]; rowId(row: Row): string; readonly empty: ReactNode; readonly label: string;
  /** A click or Enter on a row. */ onOpen?(row: Row): void; readonly rowClass?: (row: Row) => string; /** A line of its own below a row; null = none. */ after?(row: Row): ReactNode;
};

const ARIA = { asc: 'ascending', desc: 'descending' } as const;

function classOf(column: { isNumber?: boolean; isMinor?: boolean } | undefined): string {
  return `${column?.isNumber ? 'number' : ''} ${column?.isMinor ? 'minor' : ''}`;
}

function After({ count, children }: { count: number; children: ReactNode }): JSX.Element | null {
  return children === null ? null : <tr className="after-row"><td colSpan={count}>{children}</td></tr>;
}

/** The table. Columns must keep their identity (define them outside or memoise). */
export function DataTable<Row extends object>({ columns, rows, rowId, empty, label, onOpen, rowClass, after }: Props<Row>): JSX.Element {
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return helper.columns(columns.map((column) => helper.accessor((row: Row) => column.value(row), { id: column.id, header: column.header, sortFn: column.isNumber ? 'basic' : 'alphanumeric', sortDescFirst: column.isNumber ?? false })));
  }, [columns]);
  const data = useMemo(() => [...rows], [rows]);
  const table = useTable({ features, columns: definitions, data, getRowId: rowId });
  const byId = useMemo(() => new Map(columns.map((column) => [column.id, column])), [columns]);
  const openOnEnter = (event: KeyboardEvent, row: Row): void => {
    if (event.key === 'Enter' && event.target === event.currentTarget) onOpen?.(row);
  };
  if (rows.length === 0) return <>{empty}</>;
  return (
    <div className="table-scroll">
      <table className="data-table" aria-label={label}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map((header) => {
                const column = byId.get(header.column.id);
                const sorted = header.column.getIsSorted();
                return (
                  <th key={header.id} className={classOf(column)} style={{ width: column?.width }} aria-sort={sorted === false ? 'none' : ARIA[sorted]}>
                    <button type="button" onClick={header.column.getToggleSortingHandler()}>{column?.header}{column?.unit !== undefined && <small> {column.unit}</small>}<i aria-hidden>{sorted === 'asc' ? '↑' : sorted === 'desc' ? '↓' : ''}</i></button>
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <Fragment key={row.id}><tr className={`${onOpen ? 'opens' : ''} ${rowClass?.(row.original) ?? ''}`} tabIndex={onOpen ? 0 : undefined} onClick={onOpen ? () => onOpen(row.original) : undefined} onKeyDown={onOpen ? (event) => openOnEnter(event, row.original) : undefined}>
              {columns.map((column) => <td key={column.id} className={classOf(column)}>{column.cell(row.original)}</td>)}
            </tr><After count={columns.length}>{after?.(row.original) ?? null}</After></Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
