import { Button } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useTranslation } from 'react-i18next'
import type { OwnPaymentIntent } from '../shared/api-types.gen.ts'
import { Facts } from '../shared/page.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { CopyButton } from './copy-button.tsx'
import styles from './pay-page.module.css'
import { PaymentCode } from './pay-pix.tsx'

type Boleto = Extract<NonNullable<OwnPaymentIntent['action']>, { kind: 'boleto' }>

/** A typeable line as it is printed: 47 digits in five fields, 48 (of utilities) in four; anything else as it came. */
function groupTypeableLine(line: string): string {
  const digits = line.replace(/\D/g, '')
  if (digits.length === 47)
    return digits.replace(
      /^(\d{5})(\d{5})(\d{5})(\d{6})(\d{5})(\d{6})(\d)(\d{14})$/,
      '$1.$2 $3.$4 $5.$6 $7 $8',
    )
  if (digits.length === 48) return digits.replace(/(\d{11})(\d)/g, '$1-$2 ').trim()
  return line
}

/** A boleto: its typeable line to copy, until when, where it is on paper; and its Pix, where the bank gives one. */
export function BoletoAction({
  action,
  amount,
  invoices,
}: {
  action: Boleto
  /** As it is written for people. */
  amount: string
  invoices: OwnPaymentIntent['invoices']
}) {
  const { t } = useTranslation('pay')
  const { date } = useFormats()
  return (
    <div className={styles.boleto}>
      <p className={styles.line}>
        <span>{t('boleto.line')}</span>
        <code>{groupTypeableLine(action.typeable_line)}</code>
      </p>
      <div className={styles.buttons}>
        <CopyButton
          text={action.typeable_line.replace(/\D/g, '')}
          label={t('boleto.copy')}
          copied={t('boleto.copied')}
          variant="filled"
        />
        {invoices.map((invoice) => (
          <Button
            key={invoice.id}
            component="a"
            href={`/api/v1/portal/invoices/${invoice.id}/pdf`}
            download={`${invoice.number}.pdf`}
            variant="default"
            leftSection={<IconDownload size={18} aria-hidden />}
          >
            {t('boleto.pdf', { number: invoice.number })}
          </Button>
        ))}
      </div>
      <Facts facts={[[t('boleto.due'), date(action.due_date, 'long')]]} />
      {action.pix_text && (
        <div className={styles.pix}>
          <PaymentCode text={action.pix_text} label={t('pix.code', { amount })} />
          <div className={styles.pixWords}>
            <strong>{t('boleto.or_pix')}</strong>
            <p>{t('boleto.or_pix_text')}</p>
            <CopyButton text={action.pix_text} label={t('pix.copy')} copied={t('pix.copied')} />
          </div>
        </div>
      )}
      <p className={styles.hint}>{t('boleto.days')}</p>
    </div>
  )
}
