import IconFileExport from '@tabler/icons-react/dist/esm/icons/IconFileExport.mjs'
import IconUpload from '@tabler/icons-react/dist/esm/icons/IconUpload.mjs'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { BankFileProvider } from '../shared/api-types.gen.ts'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { Section } from '../shared/page.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText } from '../shared/values.tsx'
import { refreshBankFiles } from './bank-file-queries.ts'
import styles from './bank-files.module.css'
import closingStyles from './closings.module.css'
import { PermittedButton } from './permitted-button.tsx'

/** Each provider by files: what waits for its next remittance, and what its bank has. */
export function BankProviders({
  providers,
  onUpload,
}: {
  providers: BankFileProvider[]
  onUpload: (providerId: string) => void
}) {
  const { t } = useTranslation('bankfiles')
  return (
    <Section title={t('ways')} description={t('ways_text')} flush>
      <ul className={styles.providers}>
        {providers.map((provider) => (
          <Provider key={provider.id} provider={provider} onUpload={() => onUpload(provider.id)} />
        ))}
      </ul>
    </Section>
  )
}

function Provider({ provider, onUpload }: { provider: BankFileProvider; onUpload: () => void }) {
  const { t } = useTranslation('bankfiles')
  const { money, number } = useFormats()
  const router = useRouter()
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState(false)
  const { waiting, open, last_remittance_at, last_return_at } = provider
  const amount = money(provider.waiting_amount, provider.currency)
  return (
    <li>
      <div className={styles.who}>
        <strong>{provider.name}</strong>
        <span>
          {t(`charge_kind.${provider.driver === 'boleto' ? 'boleto' : 'debit'}`)} ·{' '}
          {provider.business_unit_name}
        </span>
        <span className={styles.marks}>
          {provider.daily && <ToneBadge tone="info">{t('daily')}</ToneBadge>}
          {!provider.enabled && <ToneBadge tone="neutral">{t('disabled')}</ToneBadge>}
        </span>
      </div>
      <div className={styles.waits}>
        <span data-waits={waiting > 0}>
          {waiting > 0 ? t('waiting', { count: waiting, amount }) : t('nothing_waits')}
        </span>
        <small>
          {t('open', { count: open, value: number(open) })}
          {last_remittance_at && (
            <>
              {' · '}
              {t('last_remittance')} <DateText value={last_remittance_at} relative />
            </>
          )}
          {last_return_at && (
            <>
              {' · '}
              {t('last_return')} <DateText value={last_return_at} relative />
            </>
          )}
        </small>
      </div>
      <div className={styles.deeds}>
        <PermittedButton
          needs="payments.decide"
          size="xs"
          variant="default"
          leftSection={<IconUpload size={14} aria-hidden />}
          onClick={onUpload}
        >
          {t('upload')}
        </PermittedButton>
        <PermittedButton
          needs="payments.decide"
          size="xs"
          disabled={waiting === 0}
          leftSection={<IconFileExport size={14} aria-hidden />}
          onClick={() => setAsking(true)}
        >
          {t('make')}
        </PermittedButton>
      </div>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('make_title', { provider: provider.name })}
        confirm={t('make')}
        onConfirm={async () => {
          const made = await orThrow(
            api.POST('/api/v1/office/payment-providers/{id}/remittances', {
              params: { path: { id: provider.id } },
            }),
          )
          await refreshBankFiles(queryClient)
          await router.navigate({ to: '/payments/bank-files/$id', params: { id: made.id } })
        }}
      >
        <ul className={closingStyles.consequence}>
          <li>{t('make_takes', { count: waiting, amount })}</li>
          <li>{t('make_once')}</li>
        </ul>
      </ConfirmDialog>
    </li>
  )
}
