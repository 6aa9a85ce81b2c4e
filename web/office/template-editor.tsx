import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { ContractTemplate } from '../shared/api-types.gen.ts'
import { ContractText } from '../shared/contract-text.tsx'
import { useForm } from '../shared/form.ts'
import { languages, nameOfLanguage } from '../shared/i18n.ts'
import { useLater } from '../shared/later.ts'
import { Section, SkeletonText } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { contractVariablesQuery, templatePreviewQuery } from './contract-queries.ts'
import styles from './contracts.module.css'
import formStyles from './form-layout.module.css'
import { unitsQuery } from './frame-queries.ts'
import { servicesOfUnitQuery } from './service-queries.ts'
import { useMay } from './session.ts'

/** The text of a template beside what the customer reads, with its faults by their place, and the variables at hand. */
export function TemplateEditor({
  template,
  onDone,
}: {
  /** Null writes one. */
  template: ContractTemplate | null
  onDone: (template: ContractTemplate) => void
}) {
  const { t, i18n } = useTranslation('contracts')
  const { t: office } = useTranslation()
  const editable = useMay()('settings.write')
  const { data: units } = useSuspenseQuery(unitsQuery)
  const usable = units.filter((unit) => unit.archived_at === null)
  const first = usable[0]
  const area = useRef<HTMLTextAreaElement>(null)
  const [service, setService] = useState('')
  const form = useForm({
    initial: {
      business_unit_id: template?.business_unit_id ?? first?.id ?? '',
      name: template?.name ?? '',
      language: (template?.language ?? i18n.language) as string,
      body: template?.body ?? t('ui.starter', { skipInterpolation: true }),
      is_default: template?.is_default ?? false,
    },
    check: (values) => ({
      name: !values.name.trim() && t('common:input.required'),
      body: !values.body.trim() && t('common:input.required'),
    }),
    submit: ({ business_unit_id, language, ...values }, { idempotencyKey }) =>
      template === null
        ? orThrow(
            api.POST('/api/v1/office/contract-templates', {
              body: { ...values, business_unit_id, language: language as 'en' },
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(
            api.PATCH('/api/v1/office/contract-templates/{id}', {
              params: { path: { id: template.id } },
              body: values,
            }),
          ),
    onDone,
  })
  const { values } = form
  const body = useLater(values.body)
  const preview = useQuery(
    templatePreviewQuery({
      business_unit_id: values.business_unit_id,
      language: values.language,
      body,
      subscription_id: service === '' ? null : service,
    }),
  )
  const { data: services = [] } = useQuery(servicesOfUnitQuery(values.business_unit_id))
  const faults = preview.data?.faults ?? []
  const select = (from: number, to: number) => {
    area.current?.focus()
    area.current?.setSelectionRange(from, to)
  }
  const insert = (name: string) => {
    const text = `{{${name}}}`
    const [from, to] = [
      area.current?.selectionStart ?? values.body.length,
      area.current?.selectionEnd ?? values.body.length,
    ]
    form.set('body', values.body.slice(0, from) + text + values.body.slice(to))
    requestAnimationFrame(() => select(from + text.length, from + text.length))
  }
  return (
    <form onSubmit={form.onSubmit} noValidate className={styles.editor}>
      <Section>
        <div className={formStyles.body}>
          <ProblemAlert error={form.problem} />
          <div className={formStyles.fields}>
            <TextInput
              label={t('ui.name')}
              required
              autoComplete="off"
              readOnly={!editable}
              {...form.field('name')}
            />
            {template === null && (
              <>
                <div data-span="6">
                  <NativeSelect
                    label={office('words.unit')}
                    required
                    data={usable.map((unit) => ({ value: unit.id, label: unit.name }))}
                    {...form.field('business_unit_id')}
                    onChange={(event) => {
                      form.set('business_unit_id', event.currentTarget.value)
                      setService('')
                    }}
                  />
                </div>
                <div data-span="6">
                  <NativeSelect
                    label={t('ui.language')}
                    required
                    data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
                    {...form.field('language')}
                  />
                </div>
              </>
            )}
            <Textarea
              ref={area}
              label={t('ui.text')}
              description={t('ui.text_help', { skipInterpolation: true })}
              required
              autosize
              minRows={16}
              maxRows={32}
              readOnly={!editable}
              classNames={{ input: styles.code! }}
              {...form.field('body')}
            />
            {editable && (
              <Checkbox
                label={t('ui.is_default')}
                description={t('ui.is_default_help')}
                disabled={template !== null && template.archived_at !== null}
                {...form.toggle('is_default')}
              />
            )}
          </div>
          <div aria-live="polite">
            {faults.length > 0 && (
              <Callout tone="bad" title={t('ui.faults')}>
                <ul className={styles.faults}>
                  {faults.map((fault) => (
                    <li key={`${fault.line}:${fault.column}`}>
                      <button
                        type="button"
                        onClick={() => {
                          const at = placeOf(body, fault.line, fault.column)
                          select(at, at + fault.length)
                        }}
                      >
                        {t(`ui.fault.${fault.code}`, {
                          line: fault.line,
                          column: fault.column,
                          name: fault.name,
                        })}
                      </button>
                    </li>
                  ))}
                </ul>
              </Callout>
            )}
          </div>
          {editable && (
            <div className={formStyles.end}>
              <Button type="submit" loading={form.busy}>
                {t('common:action.save')}
              </Button>
            </div>
          )}
        </div>
      </Section>
      <div className={styles.side}>
        <Section title={t('ui.preview')}>
          <div className={styles.reading}>
            <NativeSelect
              label={t('ui.preview_of')}
              data={[
                { value: '', label: t('ui.preview_sample') },
                ...services.map((one) => ({
                  value: one.id,
                  label: `${one.account_name}, ${one.plan_name} (${one.contract_number})`,
                })),
              ]}
              value={service}
              onChange={(event) => setService(event.currentTarget.value)}
            />
            <ProblemAlert error={preview.error} onRetry={preview.refetch} />
            {preview.data ? (
              <ContractText blocks={preview.data.blocks} label={values.name || t('ui.template_new')} />
            ) : (
              <SkeletonText lines={8} />
            )}
          </div>
        </Section>
        {editable && <Variables onInsert={insert} />}
      </div>
    </form>
  )
}

/** Where a line and column are in a text. */
function placeOf(text: string, line: number, column: number): number {
  const before = text.split('\n').slice(0, line - 1)
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1
}

function Variables({ onInsert }: { onInsert: (name: string) => void }) {
  const { t, i18n } = useTranslation('contracts')
  const { data: groups = [] } = useQuery(contractVariablesQuery(i18n.language))
  return (
    <Section title={t('ui.variables')} description={t('ui.variables_text')}>
      {groups.map((group) => (
        <details key={group.name} className={styles.words}>
          <summary>{t(`ui.group.${group.name}`)}</summary>
          <ul>
            {group.variables.map((one) => (
              <li key={one.name}>
                <button
                  type="button"
                  onClick={() => onInsert(one.name)}
                  aria-label={t('ui.insert', { name: one.name })}
                >
                  <code>{one.name}</code>
                </button>
                <span>
                  {one.meaning}: {one.example}
                </span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </Section>
  )
}
