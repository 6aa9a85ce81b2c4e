import { Button, SegmentedControl, Textarea } from '@mantine/core'
import IconPlayerPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { toProblem } from '../../shared/problem.ts'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'
import { exampleDraft, requestOf, type SimulationRequest } from '../simulation-draft.ts'
import { SimulationForm } from '../simulation-form.tsx'
import { SimulationResult } from '../simulation-result.tsx'
import styles from '../simulations.module.css'

/** What billing would make of services and events, by the engine itself. */
export const Route = createFileRoute('/_app/simulations')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(unitsQuery),
  component: Simulations,
})

function Simulations() {
  const { t } = useTranslation()
  const may = useMay()
  const { data: all } = useSuspenseQuery(unitsQuery)
  const units = all.filter((unit) => unit.archived_at === null)
  const [draft, setDraft] = useState(() =>
    exampleDraft(units[0]?.id ?? '', {
      plan: t('simulations.plan_example'),
      larger: t('simulations.larger_example'),
      account: t('simulations.account_example'),
    }),
  )
  const [asRequest, setAsRequest] = useState(false)
  const [text, setText] = useState('')
  const [unreadable, setUnreadable] = useState(false)
  const run = useMutation({
    mutationFn: (body: SimulationRequest) =>
      orThrow(api.POST('/api/v1/simulations', { body: body as never })),
  })
  const problem = run.error ? toProblem(run.error) : null
  const errorOf = (path: string) => problem?.errors?.find((one) => one.path === path)?.message
  const go = () => {
    setUnreadable(false)
    if (!asRequest) return run.mutate(requestOf(draft))
    try {
      run.mutate(JSON.parse(text) as SimulationRequest)
    } catch {
      setUnreadable(true)
    }
  }
  const title = <PageTitle title={t('simulations.title')} subtitle={t('simulations.subtitle')} />
  if (!may('simulations.run') || units.length === 0)
    return (
      <>
        {title}
        <EmptyState title={t('words.not_permitted')} />
      </>
    )
  return (
    <>
      {title}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          go()
        }}
        noValidate
      >
        <Stacked>
          <SegmentedControl
            aria-label={t('simulations.way')}
            data={[
              { value: 'form', label: t('simulations.as_form') },
              { value: 'request', label: t('simulations.as_request') },
            ]}
            value={asRequest ? 'request' : 'form'}
            onChange={(value) => {
              if (value === 'request') setText(JSON.stringify(requestOf(draft), null, 2))
              setAsRequest(value === 'request')
            }}
          />
          {asRequest ? (
            <Section title={t('simulations.request')} description={t('simulations.request_text')}>
              <Textarea
                className={styles.request}
                aria-label={t('simulations.request')}
                autosize
                minRows={14}
                maxRows={40}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
                error={unreadable ? t('simulations.not_json') : undefined}
                spellCheck={false}
              />
            </Section>
          ) : (
            <SimulationForm draft={draft} onChange={setDraft} units={units} errorOf={errorOf} />
          )}
          <ProblemAlert error={run.error} />
          {problem?.errors && asRequest && (
            <ul>
              {problem.errors.map((one) => (
                <li key={one.path + one.code}>
                  <code>{one.path}</code>: {one.message}
                </li>
              ))}
            </ul>
          )}
          <div className={styles.go}>
            <Button
              type="submit"
              leftSection={<IconPlayerPlay size={16} aria-hidden />}
              loading={run.isPending}
            >
              {t('simulations.run')}
            </Button>
            <span className={styles.none}>{t('simulations.run_text')}</span>
          </div>
          <div aria-live="polite">
            <Stacked>{run.data && <SimulationResult result={run.data} />}</Stacked>
          </div>
        </Stacked>
      </form>
    </>
  )
}
