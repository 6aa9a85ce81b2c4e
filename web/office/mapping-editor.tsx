import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core'
import IconArrowRight from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Import, ImportMapping, ImportSource, ImportTarget } from '../shared/api-types.gen.ts'
import { Section } from '../shared/page.tsx'
import {
  changeKind,
  kindOfSource,
  readValue,
  type SourceKind,
  sampleTexts,
  unusedColumns,
} from './import-mapping.ts'
import styles from './imports.module.css'

/** What a choice of a target is called; any other value is itself. */
function nameOfChoice(target: ImportTarget, value: string): string {
  return target.choices.find((choice) => choice.value === value)?.label ?? value
}

/** Says for every target where its value comes from, and shows what the first rows of the file become. */
export function MappingEditor({
  of,
  mapping,
  onChange,
  faults,
}: {
  of: Import
  mapping: ImportMapping
  onChange: (mapping: ImportMapping) => void
  /** What the server refused, by the name of the target. */
  faults: Record<string, string>
}) {
  const { t } = useTranslation()
  const setField = (name: string, source: ImportSource | undefined) => {
    const { [name]: _before, ...others } = mapping.fields
    onChange({ ...mapping, fields: source ? { ...others, [name]: source } : others })
  }
  const unused = unusedColumns(mapping, of.columns)
  return (
    <>
      <Section
        title={t('imports.mapping')}
        description={
          <>
            {t('imports.mapping_text')}{' '}
            {unused.length > 0 ? t('imports.unused', { columns: unused.join(', ') }) : t('imports.all_used')}
          </>
        }
        flush
      >
        <ul className={styles.targets}>
          {of.targets.map((target) => (
            <TargetRow
              key={target.name}
              of={of}
              target={target}
              source={mapping.fields[target.name]}
              fault={faults[target.name]}
              onChange={(source) => setField(target.name, source)}
            />
          ))}
        </ul>
      </Section>
      {of.kind === 'services' && <Options of={of} mapping={mapping} onChange={onChange} />}
    </>
  )
}

/** Where values differ from system to system: choices, plans and products. Names and e-mails need no translation. */
function translatable(target: ImportTarget, source: ImportSource): boolean {
  return (
    target.type === 'choice' ||
    target.type === 'yes_no' ||
    target.type === 'country' ||
    target.name === 'plan.name' ||
    target.name === 'product.name' ||
    source.values !== undefined
  )
}

function TargetRow({
  of,
  target,
  source,
  fault,
  onChange,
}: {
  of: Import
  target: ImportTarget
  source: ImportSource | undefined
  fault: string | undefined
  onChange: (source: ImportSource | undefined) => void
}) {
  const { t } = useTranslation()
  const kind = kindOfSource(source)
  const kinds: SourceKind[] = [
    'none',
    'column',
    'template',
    'constant',
    ...(target.type === 'date' ? (['months_before'] as const) : []),
  ]
  const row = of.sample.find((one) => source && readValue(source, of.columns, one) !== '') ?? of.sample[0]
  const becomes = source && row ? readValue(source, of.columns, row) : ''
  const label = target.label
  return (
    <li className={styles.target} data-target={target.name}>
      <div className={styles.name}>
        <strong>{label}</strong>
        {target.required && <small data-required>{t('imports.needed')}</small>}
      </div>
      <NativeSelect
        size="xs"
        aria-label={t('imports.source_of', { name: label })}
        value={kind}
        data={kinds.map((value) => ({ value, label: t(`imports.source.${value}`) }))}
        onChange={(event) =>
          onChange(changeKind(source, event.currentTarget.value as SourceKind, target, of.columns))
        }
      />
      <div>
        {source && (kind === 'column' || kind === 'months_before') && (
          <NativeSelect
            size="xs"
            aria-label={t('imports.column_of', { name: label })}
            value={source.column ?? source.months_before}
            data={[...new Set([...of.columns, source.column ?? source.months_before ?? ''])]}
            onChange={(event) => onChange({ ...source, [kind]: event.currentTarget.value })}
          />
        )}
        {source && kind === 'template' && (
          <TextInput
            size="xs"
            aria-label={t('imports.template_of', { name: label })}
            placeholder={`{${of.columns[0] ?? ''}}`}
            value={source.template ?? ''}
            onChange={(event) => onChange({ ...source, template: event.currentTarget.value })}
          />
        )}
        {source &&
          kind === 'constant' &&
          (target.choices.length > 0 ? (
            <NativeSelect
              size="xs"
              aria-label={t('imports.constant_of', { name: label })}
              value={source.constant}
              data={target.choices}
              onChange={(event) => onChange({ constant: event.currentTarget.value })}
            />
          ) : (
            <TextInput
              size="xs"
              aria-label={t('imports.constant_of', { name: label })}
              value={source.constant ?? ''}
              onChange={(event) => onChange({ constant: event.currentTarget.value })}
            />
          ))}
      </div>
      {source ? (
        <div className={styles.becomes} data-unknown={becomes === null || undefined} title={becomes ?? ''}>
          {becomes === null
            ? t('imports.value_unknown')
            : becomes === ''
              ? t('imports.value_empty')
              : kind === 'months_before'
                ? t('imports.months_before_value', { months: becomes })
                : nameOfChoice(target, becomes)}
        </div>
      ) : (
        <div />
      )}
      {source && (kind === 'column' || kind === 'template') && translatable(target, source) && (
        <Values of={of} target={target} source={source} onChange={onChange} />
      )}
      {fault && (
        <p className={styles.fault} role="alert">
          {fault}
        </p>
      )}
    </li>
  )
}

/** What each value of the file means here. The rows are a list while they are typed; the API has them as an object. */
function Values({
  of,
  target,
  source,
  onChange,
}: {
  of: Import
  target: ImportTarget
  source: ImportSource
  onChange: (source: ImportSource) => void
}) {
  const { t } = useTranslation()
  const given = Object.entries(source.values ?? {})
  const [pairs, setPairs] = useState<[string, string][]>(given)
  // Another mapping was loaded, or the kind changed: what stands there is no longer what was typed here.
  const written = JSON.stringify(source.values ?? {})
  const shown = JSON.stringify(Object.fromEntries(pairs)) === written ? pairs : given
  const set = (next: [string, string][]) => {
    setPairs(next)
    const { values: _values, otherwise, ...rest } = source
    onChange(
      next.length === 0
        ? rest
        : {
            ...rest,
            values: Object.fromEntries(next),
            ...(otherwise === undefined ? {} : { otherwise }),
          },
    )
  }
  const texts = sampleTexts(source, of)
  const missing = texts.filter((text) => !shown.some(([from]) => from === text))
  const first = target.choices[0]?.value ?? ''
  const meaning = (value: string, label: string, onValue: (value: string) => void, empty?: string) =>
    target.choices.length > 0 ? (
      <NativeSelect
        size="xs"
        aria-label={label}
        value={value}
        data={[...(empty === undefined ? [] : [{ value: '', label: empty }]), ...target.choices]}
        onChange={(event) => onValue(event.currentTarget.value)}
      />
    ) : (
      <TextInput
        size="xs"
        aria-label={label}
        placeholder={empty}
        value={value}
        onChange={(event) => onValue(event.currentTarget.value)}
      />
    )
  return (
    <details className={styles.values} open={given.length > 0}>
      <summary>{t('imports.values', { count: shown.length })}</summary>
      <div className={styles.valuesBody}>
        {shown.map(([from, to], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a value may be typed letter by letter and keeps its place
          <div key={index} className={styles.value}>
            <TextInput
              size="xs"
              aria-label={t('imports.value_from', { name: target.label, number: index + 1 })}
              value={from}
              onChange={(event) => {
                const text = event.currentTarget.value
                set(shown.map((pair, at) => (at === index ? [text, to] : pair)))
              }}
            />
            <IconArrowRight size={16} aria-hidden />
            {meaning(to, t('imports.value_to', { name: target.label, number: index + 1 }), (value) =>
              set(shown.map((pair, at) => (at === index ? [from, value] : pair))),
            )}
            <ActionIcon
              size="sm"
              aria-label={t('imports.value_remove', { value: from })}
              onClick={() => set(shown.filter((_pair, at) => at !== index))}
            >
              <IconTrash size={14} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        <div className={styles.templates}>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => set([...shown, [missing[0] ?? '', first]])}
          >
            {t('imports.value_add')}
          </Button>
          {missing.length > 1 && missing.length <= 12 && (
            <Button
              size="xs"
              variant="default"
              onClick={() => set([...shown, ...missing.map((text): [string, string] => [text, first])])}
            >
              {t('imports.value_sample', { count: missing.length })}
            </Button>
          )}
        </div>
        {shown.length > 0 && (
          <div className={styles.hint}>
            {t('imports.otherwise')}
            {meaning(
              source.otherwise ?? '',
              t('imports.otherwise_of', { name: target.label }),
              (value) => {
                const { otherwise: _before, ...rest } = source
                onChange(value === '' ? rest : { ...rest, otherwise: value })
              },
              t('imports.otherwise_reject'),
            )}
          </div>
        )}
      </div>
    </details>
  )
}

function Options({
  of,
  mapping,
  onChange,
}: {
  of: Import
  mapping: ImportMapping
  onChange: (mapping: ImportMapping) => void
}) {
  const { t } = useTranslation()
  const { options } = mapping
  const set = (next: ImportMapping['options']) => onChange({ ...mapping, options: next })
  const change = (index: number, part: Partial<ImportMapping['options'][number]>) =>
    set(options.map((option, at) => (at === index ? { ...option, ...part } : option)))
  return (
    <Section title={t('imports.options')} description={t('imports.options_text')}>
      <div className={styles.options}>
        {options.map((option, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: options keep their place while their name is typed
          <div key={index} className={styles.option}>
            <TextInput
              size="xs"
              label={t('imports.option_name')}
              value={option.name}
              onChange={(event) => change(index, { name: event.currentTarget.value })}
            />
            <NativeSelect
              size="xs"
              label={t('imports.option_column')}
              value={option.column}
              data={[...new Set([...of.columns, option.column])]}
              onChange={(event) => change(index, { column: event.currentTarget.value })}
            />
            <TextInput
              size="xs"
              label={t('imports.option_when')}
              value={option.when.join(', ')}
              onChange={(event) =>
                change(index, { when: event.currentTarget.value.split(',').map((one) => one.trimStart()) })
              }
              onBlur={() => change(index, { when: option.when.map((one) => one.trim()).filter(Boolean) })}
            />
            <ActionIcon
              aria-label={t('imports.option_remove', { name: option.name })}
              onClick={() => set(options.filter((_option, at) => at !== index))}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        <div>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => set([...options, { name: '', column: of.columns[0] ?? '', when: ['Yes'] }])}
          >
            {t('imports.option_add')}
          </Button>
        </div>
      </div>
    </Section>
  )
}
