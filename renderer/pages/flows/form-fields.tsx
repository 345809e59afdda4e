/** The fields of a form made from a schema. */
import type { JSX } from 'react';
import { JsonInput, NumberInput, SegmentedControl, Select, TagsInput, TextInput } from '@mantine/core';
import type { Field, FormDraft } from './form-schema.ts';

type FieldProps = { readonly field: Field; readonly value: string | readonly string[]; readonly error: string | undefined; readonly change: (value: string | readonly string[]) => void };

/** What the flow takes by itself, for the empty field. */
function fallbackWords(field: Field): string {
  if (field.fallback === undefined) return field.isRequired ? '' : 'not set';
  if (field.fallback === null) return 'not set';
  return typeof field.fallback === 'object' ? JSON.stringify(field.fallback) : String(field.fallback as string | number | boolean);
}

/** "1 to 90", "at least 1". */
function boundsWords(field: Field & { kind: 'number' }): string | null {
  if (field.min !== null && field.max !== null) return `${field.min} to ${field.max}`;
  if (field.min !== null) return `at least ${field.min}`;
  return field.max === null ? null : `at most ${field.max}`;
}

function FieldInput({ field, value, error, change }: FieldProps): JSX.Element {
  const text = typeof value === 'string' ? value : '';
  const bounds = field.kind === 'number' ? boundsWords(field) : null;
  const help = [field.help, bounds].filter((part) => part !== null).join(' · ');
  const common = { label: field.label, error, required: field.isRequired, ...(help === '' ? {} : { description: help }), placeholder: fallbackWords(field) };
  switch (field.kind) {
    case 'number': return <NumberInput {...common} value={text} onChange={(next) => change(String(next))} allowDecimal={!field.isInteger} thousandSeparator="," />;
    case 'choice': return <Select {...common} value={text === '' ? null : text} onChange={(next) => change(next ?? '')} data={field.options.map(String)} clearable={!field.isRequired} />;
    case 'list': return <TagsInput {...common} placeholder={value.length === 0 ? common.placeholder : ''} value={typeof value === 'string' ? [] : [...value]} onChange={change} data={field.options === null ? [] : [...field.options]} splitChars={[',', ' ']} acceptValueOnBlur {...(field.max === null ? {} : { maxTags: field.max })} />;
    case 'json': return <JsonInput {...common} value={text} onChange={change} autosize minRows={2} maxRows={10} />;
    case 'text': return field.format === 'date' ? <TextInput {...common} type="date" value={text} onChange={(event) => change(event.currentTarget.value)} /> : <TextInput {...common} value={text} onChange={(event) => change(event.currentTarget.value)} />;
    case 'switch': return (
      <div className="form-switch">
        <div><span className="form-label">{field.label}</span>{field.help !== null && <p className="muted">{field.help}</p>}{error !== undefined && <p className="switch-error">{error}</p>}</div>
        <SegmentedControl size="xs" aria-label={field.label} value={text} onChange={change} data={[{ value: '', label: `default (${field.fallback === true ? 'yes' : field.fallback === false ? 'no' : 'not set'})` }, { value: 'true', label: 'yes' }, { value: 'false', label: 'no' }]} />
      </div>
    );
  }
}

/** All of them. */
export function FormFields({ fields, draft, errors, change }: { fields: readonly Field[]; draft: FormDraft; errors: Readonly<Record<string, string>>; change: (name: string, value: string | readonly string[]) => void }): JSX.Element {
  return <>{fields.map((field) => <FieldInput key={field.name} field={field} value={draft[field.name] ?? ''} error={errors[field.name]} change={(value) => change(field.name, value)} />)}</>;
}
