import { Button, Checkbox, Textarea } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconSignature from '@tabler/icons-react/dist/esm/icons/IconSignature.mjs'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { OwnContractSummary } from '../shared/api-types.gen.ts'
import { ContractText } from '../shared/contract-text.tsx'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Section, SkeletonText } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { Tone } from '../shared/theme.ts'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './service-contract.module.css'

const contractsQuery = (subscriptionId: string) =>
  queryOptions({
    queryKey: ['services', subscriptionId, 'contracts'],
    queryFn: async ({ signal }) => {
      const [reply] = await Promise.all([
        orThrow(
          api.GET('/api/v1/portal/contract-documents', {
            params: { query: { subscription_id: subscriptionId } },
            signal,
          }),
        ),
        loadTexts('contracts'),
      ])
      return reply.items
    },
  })

const contractQuery = (id: string) =>
  queryOptions({
    queryKey: ['contract-documents', id],
    queryFn: ({ signal }) =>
      orThrow(api.GET('/api/v1/portal/contract-documents/{id}', { params: { path: { id } }, signal })),
  })

const tones: Record<OwnContractSummary['state'], Tone> = {
  issued: 'warning',
  accepted: 'good',
  declined: 'bad',
  superseded: 'neutral',
  expired: 'warning',
  withdrawn: 'neutral',
}

/** The contract of a service: what waits for the customer first, then what is in force and what was before. */
export function ServiceContract({ subscriptionId, live }: { subscriptionId: string; live: boolean }) {
  const { data: contracts } = useQuery(contractsQuery(subscriptionId))
  const [opened, setOpened] = useState<OwnContractSummary | null>(null)
  if (!contracts || contracts.length === 0) return null
  return (
    <>
      <Contracts contracts={contracts} live={live} onOpen={setOpened} />
      {opened && (
        <ContractDialog
          contract={opened}
          waiting={live && opened.state === 'issued'}
          onClose={() => setOpened(null)}
        />
      )}
    </>
  )
}

function Contracts({
  contracts,
  live,
  onOpen,
}: {
  contracts: OwnContractSummary[]
  live: boolean
  onOpen: (contract: OwnContractSummary) => void
}) {
  const { t } = useTranslation('contracts')
  const waiting = live ? contracts.find((one) => one.state === 'issued') : undefined
  const others = contracts.filter((one) => one !== waiting)
  return (
    <Section title={t('portal.title')}>
      {waiting && (
        <Callout
          tone="warning"
          icon={<IconSignature size={20} aria-hidden />}
          title={t('portal.waits_title')}
        >
          <p>{t('portal.waits_text')}</p>
          <div className={styles.buttons}>
            <Button size="sm" onClick={() => onOpen(waiting)}>
              {t('portal.read_and_accept')}
            </Button>
            <PdfLink contract={waiting} />
          </div>
        </Callout>
      )}
      {others.length > 0 && (
        <ul className={styles.list} data-after={waiting ? true : undefined}>
          {others.map((one) => (
            <ContractRow key={one.id} contract={one} onOpen={() => onOpen(one)} />
          ))}
        </ul>
      )}
    </Section>
  )
}

function PdfLink({ contract }: { contract: OwnContractSummary }) {
  const { t } = useTranslation('contracts')
  return (
    <Button
      component="a"
      size="sm"
      variant="default"
      href={`/api/v1/portal/contract-documents/${contract.id}/pdf`}
      target="_blank"
      rel="noreferrer"
      leftSection={<IconDownload size={16} aria-hidden />}
      aria-label={`${t('portal.pdf')}: ${contract.title}, ${t('ui.revision', { revision: contract.revision })}`}
    >
      {t('ui.pdf')}
    </Button>
  )
}

function ContractRow({ contract, onOpen }: { contract: OwnContractSummary; onOpen: () => void }) {
  const { t } = useTranslation('contracts')
  const { date } = useFormats()
  const name = `${contract.title}, ${t('ui.revision', { revision: contract.revision })}`
  return (
    <li>
      <div className={styles.about}>
        <strong>
          {name}
          <ToneBadge tone={tones[contract.state]}>{t(`document_state.${contract.state}`)}</ToneBadge>
        </strong>
        <small>
          {contract.acceptance !== null && contract.accepted_on !== null
            ? t(`ui.accepted_${contract.acceptance}`, {
                name: contract.accepted_name ?? '–',
                date: date(contract.accepted_on),
              })
            : t('ui.issued_on', { date: date(contract.issued_on) })}
        </small>
        {contract.decline_reason !== null && (
          <small>{t('ui.declined_because', { reason: contract.decline_reason })}</small>
        )}
      </div>
      <div className={styles.buttons}>
        <Button size="sm" variant="default" onClick={onOpen} aria-label={`${t('portal.read')}: ${name}`}>
          {t('portal.read')}
        </Button>
        <PdfLink contract={contract} />
        {contract.has_signed_copy && (
          <Button
            component="a"
            size="sm"
            variant="default"
            href={`/api/v1/portal/contract-documents/${contract.id}/signed-copy`}
          >
            {t('portal.signed_copy')}
          </Button>
        )}
      </div>
    </li>
  )
}

/** The text, and the customer's word on it where it waits. */
function ContractDialog({
  contract,
  waiting,
  onClose,
}: {
  contract: OwnContractSummary
  waiting: boolean
  onClose: () => void
}) {
  const { t } = useTranslation('contracts')
  const queryClient = useQueryClient()
  const query = useQuery(contractQuery(contract.id))
  const [declining, setDeclining] = useState(false)
  const decided = (key: 'accepted' | 'declined') => {
    showToast({
      tone: key === 'accepted' ? 'good' : 'info',
      title: t(`portal.${key}`),
      ...(key === 'accepted' ? { detail: t('portal.accepted_text') } : {}),
    })
    for (const queryKey of [['services'], ['contract-documents'], ['home']])
      void queryClient.invalidateQueries({ queryKey })
    onClose()
  }
  const form = useForm({
    initial: { agree: false },
    check: ({ agree }) => ({ agree: !agree && t('common:input.required') }),
    // The fingerprint of the text that stands here: another one is refused.
    submit: () =>
      orThrow(
        api.POST('/api/v1/portal/contract-documents/{id}/accept', {
          params: { path: { id: contract.id } },
          body: { sha256: query.data?.sha256 ?? contract.sha256 },
        }),
      ),
    onDone: () => decided('accepted'),
  })
  const title = `${contract.title}, ${t('ui.revision', { revision: contract.revision })}`
  if (declining)
    return <DeclineDialog contract={contract} onClose={onClose} onDone={() => decided('declined')} />
  return (
    <Dialog opened onClose={onClose} title={title} size="large">
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={query.error} onRetry={query.refetch} />
        {query.data ? <ContractText blocks={query.data.blocks} label={title} /> : <SkeletonText lines={8} />}
        {waiting && (
          <Checkbox
            label={t('portal.agree')}
            description={t('portal.kept')}
            {...form.toggle('agree')}
            error={form.errors.agree}
          />
        )}
        <ProblemAlert error={form.problem} />
        <DialogActions>
          {waiting ? (
            <>
              <Button variant="default" onClick={() => setDeclining(true)}>
                {t('portal.decline')}
              </Button>
              <Button type="submit" loading={form.busy} disabled={!query.data}>
                {t('portal.accept')}
              </Button>
            </>
          ) : (
            <Button onClick={onClose}>{t('portal.back')}</Button>
          )}
        </DialogActions>
      </form>
    </Dialog>
  )
}

function DeclineDialog({
  contract,
  onClose,
  onDone,
}: {
  contract: OwnContractSummary
  onClose: () => void
  onDone: () => void
}) {
  const { t } = useTranslation('contracts')
  const form = useForm({
    initial: { reason: '' },
    check: ({ reason }) => ({ reason: !reason.trim() && t('common:input.required') }),
    submit: (body) =>
      orThrow(
        api.POST('/api/v1/portal/contract-documents/{id}/decline', {
          params: { path: { id: contract.id } },
          body,
        }),
      ),
    onDone,
  })
  return (
    <Dialog opened onClose={onClose} title={t('portal.decline_title')} size="small">
      <form className={styles.form} onSubmit={form.onSubmit} noValidate>
        <p>{t('portal.decline_text')}</p>
        <Textarea label={t('portal.decline_reason')} required minRows={3} {...form.field('reason')} />
        <ProblemAlert error={form.problem} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" color="bad" loading={form.busy}>
            {t('portal.decline')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
