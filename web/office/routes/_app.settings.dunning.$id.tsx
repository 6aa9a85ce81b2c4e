import { Button } from '@mantine/core'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { DunningPolicy } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import type { Tone } from '../../shared/theme.ts'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import styles from '../dunning.module.css'
import { NewPolicyDialog, RulesDialog, SwitchOnDialog } from '../dunning-dialogs.tsx'
import { policiesQuery, policyQuery, refreshDunning } from '../dunning-queries.ts'
import { Simulation } from '../dunning-simulation.tsx'
import { StepDialog } from '../dunning-step-dialog.tsx'
import { StepsList, StepsPlot } from '../dunning-timeline.tsx'
import type { Step } from '../dunning-words.tsx'
import { useMay } from '../session.ts'

/** One policy: its steps on a time line, its rules, and what it would do to today's debtors. */
export const Route = createFileRoute('/_app/settings/dunning/$id')({
  loader: async ({ context: { queryClient }, params: { id } }) => {
    await Promise.all([queryClient.ensureQueryData(policyQuery(id)), loadTexts('dunning')])
  },
  component: PolicyPage,
})

const tones: Record<DunningPolicy['state'], Tone> = { draft: 'info', in_force: 'good', retired: 'neutral' }

function PolicyPage() {
  const { t } = useTranslation('dunning')
  const { id } = Route.useParams()
  const may = useMay()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const { date } = useFormats()
  const { data: policy } = useSuspenseQuery(policyQuery(id))
  const { data: policies = [] } = useQuery(policiesQuery(policy.business_unit_id))
  const [dialog, setDialog] = useState<'rules' | 'on' | 'delete' | 'version' | null>(null)
  const [edited, setEdited] = useState<Step | 'new' | null>(null)
  const [removed, setRemoved] = useState<Step | null>(null)
  const writable = may('dunning.write')
  const draft = policy.state === 'draft' && writable
  const current = policies.find((one) => one.state === 'in_force')
  const created = date(policy.created_at)
  const saved = async (changed: DunningPolicy) => {
    queryClient.setQueryData(policyQuery(changed.id).queryKey, changed)
    await refreshDunning(queryClient)
  }
  const back = () =>
    navigate({
      to: '/settings/dunning',
      search: { business_unit_id: policy.business_unit_id } as never,
    })
  return (
    <>
      <PageTitle
        back={<BackLink to="/settings/dunning">{t('back')}</BackLink>}
        title={policy.name}
        state={<ToneBadge tone={tones[policy.state]}>{t(`state.${policy.state}`)}</ToneBadge>}
        subtitle={[
          policy.business_unit_name,
          policy.created_by_name
            ? t('policy.created', { date: created, name: policy.created_by_name })
            : t('policy.created_system', { date: created }),
          policy.switched_on_at !== null &&
            t('policy.switched_on', {
              date: date(policy.switched_on_at),
              name: policy.switched_on_by_name ?? '–',
            }),
          policy.switched_off_at !== null &&
            t('policy.switched_off', {
              date: date(policy.switched_off_at),
              name: policy.switched_off_by_name ?? '–',
            }),
        ]
          .filter(Boolean)
          .join(' · ')}
        actions={
          writable && (
            <>
              {draft && (
                <Button variant="default" onClick={() => setDialog('delete')}>
                  {t('policy.delete')}
                </Button>
              )}
              {draft && policy.steps.length > 0 && (
                <Button onClick={() => setDialog('on')}>{t('policy.switch_on')}</Button>
              )}
              {!draft && <Button onClick={() => setDialog('version')}>{t('in_force.new_version')}</Button>}
            </>
          )
        }
      />
      <Stacked>
        {policy.state !== 'draft' && <Callout tone="neutral">{t('policy.frozen')}</Callout>}
        <Section
          title={t('steps.title')}
          description={t('steps.text')}
          flush
          actions={
            draft && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconPlus size={14} aria-hidden />}
                onClick={() => setEdited('new')}
              >
                {t('steps.add')}
              </Button>
            )
          }
        >
          <StepsPlot steps={policy.steps} />
          {policy.steps.length === 0 ? (
            <p className={styles.pad}>{t('steps.none')}</p>
          ) : (
            <StepsList
              steps={policy.steps}
              currency={policy.currency}
              {...(draft ? { onEdit: setEdited, onRemove: setRemoved } : {})}
            />
          )}
        </Section>
        <Section
          title={t('rules.title')}
          actions={
            draft && (
              <Button
                size="xs"
                variant="default"
                leftSection={<IconPencil size={14} aria-hidden />}
                onClick={() => setDialog('rules')}
              >
                {t('rules.edit')}
              </Button>
            )
          }
        >
          <Facts
            facts={[
              [
                t('rules.minimum'),
                policy.minimum_amount === 0 ? (
                  t('rules.minimum_none')
                ) : (
                  <Money key="minimum" amount={policy.minimum_amount} currency={policy.currency} />
                ),
              ],
              [t('rules.charge_due'), t('rules.charge_due_days', { count: policy.charge_due_days })],
              [
                t('rules.due_from'),
                policy.due_from === null ? (
                  t('rules.due_from_none')
                ) : (
                  <DateText key="from" value={policy.due_from} />
                ),
              ],
              [t('rules.run_hour'), `${String(policy.run_hour).padStart(2, '0')}:00 (${policy.time_zone})`],
            ]}
          />
        </Section>
        {policy.state !== 'retired' && policy.steps.length > 0 && <Simulation policy={policy} />}
      </Stacked>
      {edited !== null && (
        <StepDialog
          policy={policy}
          step={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onDone={(changed) => void saved(changed)}
        />
      )}
      <ConfirmDialog
        opened={removed !== null}
        onClose={() => setRemoved(null)}
        title={t('steps.remove_title')}
        confirm={t('steps.remove')}
        danger
        onConfirm={async () => {
          const steps = policy.steps.filter((one) => one.id !== removed?.id).map(({ id: _id, ...one }) => one)
          await saved(
            await orThrow(
              api.PATCH('/api/v1/office/dunning-policies/{id}', {
                params: { path: { id: policy.id } },
                body: { steps },
              }),
            ),
          )
        }}
      >
        <p>{t('steps.remove_text')}</p>
      </ConfirmDialog>
      {dialog === 'rules' && (
        <RulesDialog
          policy={policy}
          onClose={() => setDialog(null)}
          onDone={(changed) => {
            showToast({ tone: 'good', title: t('policy.saved') })
            void saved(changed)
          }}
        />
      )}
      {dialog === 'on' && (
        <SwitchOnDialog
          policy={policy}
          current={current}
          onClose={() => setDialog(null)}
          onDone={(changed) => {
            showToast({ tone: 'good', title: t('switch_on.done') })
            void saved(changed)
          }}
        />
      )}
      {dialog === 'version' && (
        <NewPolicyDialog
          unitId={policy.business_unit_id}
          policies={policies}
          copyOf={policy}
          onClose={() => setDialog(null)}
          onDone={(made) => {
            void refreshDunning(queryClient)
            void navigate({ to: '/settings/dunning/$id', params: { id: made.id } })
          }}
        />
      )}
      <ConfirmDialog
        opened={dialog === 'delete'}
        onClose={() => setDialog(null)}
        title={t('policy.delete_title', { name: policy.name })}
        confirm={t('policy.delete')}
        danger
        onConfirm={async () => {
          await orThrow(
            api.DELETE('/api/v1/office/dunning-policies/{id}', { params: { path: { id: policy.id } } }),
          )
          await back()
          await refreshDunning(queryClient)
          showToast({ tone: 'good', title: t('policy.deleted') })
        }}
      >
        <p>{t('policy.delete_text')}</p>
      </ConfirmDialog>
    </>
  )
}
