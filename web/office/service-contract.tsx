import { Button } from '@mantine/core'
import IconCalendarRepeat from '@tabler/icons-react/dist/esm/icons/IconCalendarRepeat.mjs'
import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconFileText from '@tabler/icons-react/dist/esm/icons/IconFileText.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconSend from '@tabler/icons-react/dist/esm/icons/IconSend.mjs'
import IconSignature from '@tabler/icons-react/dist/esm/icons/IconSignature.mjs'
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { ContractDocumentSummary, ServiceContract, Subscription } from '../shared/api-types.gen.ts'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { addDays } from '../shared/formats.ts'
import { loadTexts } from '../shared/i18n.ts'
import { Menu, type MenuItem } from '../shared/menu.tsx'
import { Facts, Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText, Money } from '../shared/values.tsx'
import { penaltyQuery, refreshContracts, serviceContractQuery } from './contract-queries.ts'
import { ContractState, DocumentState } from './contract-words.tsx'
import styles from './contracts.module.css'
import { sayFigure } from './formula-field.tsx'
import {
  ContractDataDialog,
  IssueDialog,
  ReadDialog,
  RenewDialog,
  SignDialog,
} from './service-contract-dialogs.tsx'
import { useMay } from './session.ts'

const textsQuery = {
  queryKey: ['texts', 'contracts'],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => {
    await loadTexts('contracts')
    return true
  },
}

/** What was agreed about a service, and the documents that say so (P4); for those who may see contracts. */
export function ServiceContractSection({ service }: { service: Subscription }) {
  const may = useMay()
  const { data: ready } = useQuery(textsQuery)
  if (!may('contracts.read')) return null
  return ready ? <Agreed service={service} /> : <SkeletonText lines={3} />
}

type Opened =
  | { kind: 'data' | 'issue' | 'renew' }
  | { kind: 'read' | 'sign' | 'withdraw'; document: ContractDocumentSummary }

function Agreed({ service }: { service: Subscription }) {
  const { t } = useTranslation('contracts')
  const may = useMay()
  const query = useQuery(serviceContractQuery(service.id))
  const [opened, setOpened] = useState<Opened | null>(null)
  const close = () => setOpened(null)
  const contract = query.data
  const writable = may('contracts.write') && contract?.state !== 'ended'
  const more: MenuItem[] = [
    ...(contract?.valid_until
      ? [
          {
            label: t('ui.renew'),
            icon: IconCalendarRepeat,
            onClick: () => setOpened({ kind: 'renew' }),
          },
        ]
      : []),
  ]
  return (
    <Section
      title={t('ui.title')}
      actions={
        contract &&
        writable && (
          <>
            {more.length > 0 && (
              <Menu
                label={t('ui.more')}
                trigger={
                  <>
                    {t('ui.more')}
                    <IconChevronDown size={14} aria-hidden />
                  </>
                }
                items={more}
              />
            )}
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPencil size={14} aria-hidden />}
              onClick={() => setOpened({ kind: 'data' })}
            >
              {t('ui.edit')}
            </Button>
            <Button
              size="xs"
              leftSection={<IconFileText size={14} aria-hidden />}
              onClick={() => setOpened({ kind: 'issue' })}
            >
              {t(contract.documents.length > 0 ? 'ui.issue_again' : 'ui.issue')}
            </Button>
          </>
        )
      }
    >
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.isPending && <SkeletonText lines={3} />}
      {contract && (
        <>
          <Terms contract={contract} />
          <h3 className={styles.head}>{t('ui.documents')}</h3>
          <Documents contract={contract} writable={writable} onOpen={setOpened} />
        </>
      )}
      {contract && opened?.kind === 'data' && <ContractDataDialog contract={contract} onClose={close} />}
      {contract && opened?.kind === 'issue' && <IssueDialog contract={contract} onClose={close} />}
      {contract && opened?.kind === 'renew' && <RenewDialog contract={contract} onClose={close} />}
      {opened?.kind === 'read' && <ReadDialog document={opened.document} onClose={close} />}
      {opened?.kind === 'sign' && <SignDialog document={opened.document} onClose={close} />}
      {opened?.kind === 'withdraw' && <WithdrawDialog document={opened.document} onClose={close} />}
    </Section>
  )
}

function Terms({ contract }: { contract: ServiceContract }) {
  const { t } = useTranslation('contracts')
  const { date, money } = useFormats()
  const amount = money(contract.installation_fee, contract.currency)
  const { data: penalty } = useQuery({
    ...penaltyQuery(contract.subscription_id),
    enabled: contract.penalty !== 'none' && contract.state !== 'ended',
  })
  return (
    <Facts
      facts={[
        [t('ui.state'), <ContractState key="s" state={contract.state} />],
        [t('ui.number'), contract.contract_number],
        [t('ui.template'), contract.template_name ?? t('ui.template_default')],
        [
          t('ui.validity'),
          contract.valid_until === null
            ? t('ui.no_end')
            : [
                contract.term_months > 0 && t('words.months', { count: contract.term_months }),
                t('ui.until', { date: date(addDays(contract.valid_until, -1)) }),
              ]
                .filter(Boolean)
                .join(', '),
        ],
        [
          t('ui.renewal'),
          contract.renewal === 'automatic'
            ? t('renewal_words.automatic', { count: contract.renewal_months ?? 0 })
            : t(`renewal.${contract.renewal}`),
        ],
        [t('ui.sale_date'), <DateText key="d" value={contract.sale_date} />],
        [t('ui.activation_date'), <DateText key="a" value={contract.activation_date} />],
        [
          t('ui.fee'),
          contract.installation_fee === 0 ? (
            t('words.none')
          ) : (
            <span key="f" className={styles.about}>
              {contract.instalments === 1
                ? t('ui.fee_in_one', { amount })
                : t('ui.fee_in_many', { amount, instalments: contract.instalments })}
              <small>
                {contract.fee_charged_at === null
                  ? t('ui.fee_waits')
                  : t('ui.fee_progress', {
                      billed: contract.instalments_billed,
                      waiting: contract.instalments_waiting,
                    })}
              </small>
            </span>
          ),
        ],
        [
          t('ui.penalty'),
          contract.penalty === 'fixed' ? (
            <Money key="p" amount={contract.penalty_amount ?? 0} currency={contract.currency} />
          ) : contract.penalty === 'formula' ? (
            <code key="p" className={styles.code}>
              {contract.penalty_formula}
            </code>
          ) : (
            t('penalty.none')
          ),
        ],
        penalty && [
          t('ui.penalty_today'),
          <span key="t" className={styles.about}>
            <Money amount={penalty.amount} currency={penalty.currency} />
            <small>{t(`reason.${penalty.reason}`)}</small>
            {penalty.values.length > 0 && (
              <small>
                {penalty.values
                  .map((one) => `${one.name} ${sayFigure(one, penalty.currency, money)}`)
                  .join(' · ')}
              </small>
            )}
          </span>,
        ],
      ]}
    />
  )
}

function Documents({
  contract,
  writable,
  onOpen,
}: {
  contract: ServiceContract
  writable: boolean
  onOpen: (opened: Opened) => void
}) {
  const { t } = useTranslation('contracts')
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const onError = useProblemToast()
  const send = useMutation({
    mutationFn: (id: string) =>
      orThrow(api.POST('/api/v1/office/contract-documents/{id}/send', { params: { path: { id } } })),
    onSuccess: () => {
      showToast({ tone: 'good', title: t('ui.sent') })
      return refreshContracts(queryClient)
    },
    onError,
  })
  if (contract.documents.length === 0) return <p className={styles.about}>{t('ui.no_documents')}</p>
  return (
    <ul className={styles.documents}>
      {contract.documents.map((document) => {
        const path = `/api/v1/office/contract-documents/${document.id}`
        const revision = t('ui.revision', { revision: document.revision })
        const open = document.state === 'issued'
        const items: MenuItem[] = [
          ...(writable && (open || document.state === 'accepted')
            ? [
                {
                  label: t(document.sent_at === null ? 'ui.send' : 'ui.send_again'),
                  icon: IconSend,
                  onClick: () => send.mutate(document.id),
                },
              ]
            : []),
          ...(writable && open
            ? [
                {
                  label: t('ui.sign'),
                  icon: IconSignature,
                  onClick: () => onOpen({ kind: 'sign', document }),
                },
                {
                  label: t('ui.withdraw'),
                  icon: IconX,
                  danger: true,
                  onClick: () => onOpen({ kind: 'withdraw', document }),
                },
              ]
            : []),
        ]
        return (
          <li key={document.id}>
            <div className={styles.about}>
              <strong>
                {revision}
                <DocumentState state={document.state} />
              </strong>
              <small>
                {[
                  t('ui.issued_on', { date: date(document.issued_on) }),
                  document.issued_by_name && t('ui.issued_by', { name: document.issued_by_name }),
                  document.template_name,
                  document.sent_at !== null && t('ui.sent_on', { date: date(document.sent_at) }),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </small>
              {document.acceptance !== null && document.accepted_on !== null && (
                <small>
                  {t(`ui.accepted_${document.acceptance}`, {
                    name: document.accepted_name ?? '–',
                    date: date(document.accepted_on),
                  })}
                </small>
              )}
              {document.decline_reason !== null && (
                <small>{t('ui.declined_because', { reason: document.decline_reason })}</small>
              )}
            </div>
            <div className={styles.buttons}>
              <Button
                size="xs"
                variant="default"
                onClick={() => onOpen({ kind: 'read', document })}
                aria-label={`${t('ui.read')}: ${revision}`}
              >
                {t('ui.read')}
              </Button>
              <Button
                component="a"
                size="xs"
                variant="default"
                href={`${path}/pdf`}
                target="_blank"
                rel="noreferrer"
                aria-label={`${t('ui.open_pdf')}: ${revision}`}
              >
                {t('ui.pdf')}
              </Button>
              {document.has_signed_copy && (
                <Button
                  component="a"
                  size="xs"
                  variant="default"
                  href={`${path}/signed-copy`}
                  leftSection={<IconDownload size={14} aria-hidden />}
                >
                  {t('ui.signed_copy')}
                </Button>
              )}
              {items.length > 0 && (
                <Menu
                  label={`${t('ui.more')}: ${revision}`}
                  trigger={<IconDots size={18} aria-hidden />}
                  items={items}
                />
              )}
            </div>
          </li>
        )
      })}
    </ul>
  )
}

function WithdrawDialog({ document, onClose }: { document: ContractDocumentSummary; onClose: () => void }) {
  const { t } = useTranslation('contracts')
  const queryClient = useQueryClient()
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      danger
      title={t('ui.withdraw_title')}
      confirm={t('ui.withdraw')}
      onConfirm={async () => {
        await orThrow(
          api.POST('/api/v1/office/contract-documents/{id}/withdraw', {
            params: { path: { id: document.id } },
          }),
        )
        showToast({ tone: 'good', title: t('ui.withdrawn') })
        await refreshContracts(queryClient)
      }}
    >
      <p>{t('ui.withdraw_text')}</p>
    </ConfirmDialog>
  )
}
