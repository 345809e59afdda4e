/** Saved looks: layouts (everything but the symbol) and templates (the indicators alone). */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, Popover, SegmentedControl, TextInput, Tooltip } from '@mantine/core';
import { IconLayoutGrid, IconStar, IconStarFilled, IconTrash } from '@tabler/icons-react';
import type { ChartLayout } from '#app/contracts/charts.ts';
import { useAction, useChartLayouts } from '../../data/queries.ts';
import { adoptDefault, changeLook, lookNow } from './look.ts';

function apply(layout: ChartLayout): void {
  if (layout.kind === 'template') changeLook({ indicators: layout.look.indicators });
  else changeLook(layout.look);
}

/** The default layout, taken once by a browser that has no look of its own. */
export function useDefaultLayout(): void {
  const layouts = useChartLayouts();
  const list = layouts.data?.layouts;
  useEffect(() => {
    if (list !== undefined) adoptDefault(list);
  }, [list]);
}

function LayoutList({ close }: { close(): void }): JSX.Element {
  const layouts = useChartLayouts();
  const save = useAction('saveChartLayout', [['chartLayouts']]);
  const erase = useAction('deleteChartLayout', [['chartLayouts']]);
  const [name, setName] = useState('');
  const [kind, setKind] = useState<ChartLayout['kind']>('layout');
  const list = layouts.data?.layouts ?? [];
  const error = save.error ?? erase.error ?? layouts.error;
  const keep = (): void => {
    const words = name.trim();
    if (words === '') return;
    const known = list.find((one) => one.kind === kind && one.name.toLowerCase() === words.toLowerCase());
    save.mutate({ layoutId: known?.layoutId ?? `layout-${crypto.randomUUID()}`, kind, name: words, look: lookNow(), isDefault: known?.isDefault ?? false }, { onSuccess: () => setName('') });
  };
  return (
    <div className="layouts">
      {list.length === 0 && <p className="muted">{layouts.isLoading ? 'Loading' : 'Nothing saved yet. A layout keeps width, style and indicators; a template the indicators alone.'}</p>}
      <ul aria-label="Saved layouts">
        {list.map((layout) => (
          <li key={layout.layoutId}>
            <button type="button" className="layout-name" onClick={() => { apply(layout); close(); }}>{layout.name}<small className="muted">{layout.kind} · {layout.look.indicators.length} indicators</small></button>
            {layout.kind === 'layout' && <Tooltip label={layout.isDefault ? 'New charts begin with it' : 'Begin new charts with it'}><ActionIcon size="sm" variant="subtle" color="gray" aria-label={layout.isDefault ? `${layout.name} is the default` : `Make ${layout.name} the default`} onClick={() => save.mutate({ ...layout, isDefault: !layout.isDefault })}>{layout.isDefault ? <IconStarFilled size={14} /> : <IconStar size={14} />}</ActionIcon></Tooltip>}
            <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`Forget ${layout.name}`} onClick={() => erase.mutate({ layoutId: layout.layoutId })}><IconTrash size={14} /></ActionIcon>
          </li>
        ))}
      </ul>
      <SegmentedControl size="xs" fullWidth value={kind} onChange={(next) => setKind(next === 'template' ? 'template' : 'layout')} data={[{ value: 'layout', label: 'Layout' }, { value: 'template', label: 'Template' }]} />
      <div className="layout-save">
        <TextInput size="xs" value={name} onChange={(event) => setName(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Enter') keep(); }} placeholder="Name" aria-label="Name of the layout" maxLength={60} />
        <Button size="xs" onClick={keep} loading={save.isPending} disabled={name.trim() === ''}>Save</Button>
      </div>
      {error !== null && <p className="switch-error" role="alert">{error.message}</p>}
    </div>
  );
}

/** The menu. */
export function LayoutsMenu(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} width={300} position="bottom-end" shadow="md" trapFocus returnFocus>
      <Popover.Target><Tooltip label="Layouts and templates"><ActionIcon variant="subtle" color="gray" aria-label="Layouts and templates" onClick={() => setOpen(!isOpen)}><IconLayoutGrid size={16} /></ActionIcon></Tooltip></Popover.Target>
      <Popover.Dropdown>{isOpen && <LayoutList close={() => setOpen(false)} />}</Popover.Dropdown>
    </Popover>
  );
}
