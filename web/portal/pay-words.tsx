import type { TablerIcon } from '@tabler/icons-react'
import IconBarcode from '@tabler/icons-react/dist/esm/icons/IconBarcode.mjs'
import IconBuildingBank from '@tabler/icons-react/dist/esm/icons/IconBuildingBank.mjs'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconCreditCard from '@tabler/icons-react/dist/esm/icons/IconCreditCard.mjs'
import IconFlask from '@tabler/icons-react/dist/esm/icons/IconFlask.mjs'
import IconQrcode from '@tabler/icons-react/dist/esm/icons/IconQrcode.mjs'
import IconTransfer from '@tabler/icons-react/dist/esm/icons/IconTransfer.mjs'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { OwnPaymentIntent, OwnStoredMethod, PaymentChoices } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { ToneBadge } from '../shared/state-badge.tsx'

export type PaymentMethod = PaymentChoices['providers'][number]['methods'][number]
export type PayProvider = PaymentChoices['providers'][number]

const icons: Record<PaymentMethod, TablerIcon> = {
  card: IconCreditCard,
  pix: IconQrcode,
  boleto: IconBarcode,
  bank_debit: IconBuildingBank,
  bank_transfer: IconTransfer,
  cash: IconCash,
  cheque: IconCash,
  other: IconCash,
}

/** The picture of a way to pay. */
export function iconOfMethod(method: PaymentMethod): TablerIcon {
  return icons[method]
}

/** What people call a stored method: 'Visa •••• 4242', or its kind where the provider says no more. */
export function nameOfStored(
  stored: Pick<OwnStoredMethod, 'brand' | 'last_digits' | 'method'>,
  t: TFunction,
): string {
  const name = stored.brand ?? t(`portal:payment_method.${stored.method}`)
  return stored.last_digits ? `${name} •••• ${stored.last_digits}` : name
}

/** The last month in which a card is good, as it stands on it: '08/2028'. The API says the first day on which it is not. */
export function monthOnCard(expiresOn: string): string {
  const [year, month] = addDays(expiresOn, -1).split('-')
  return `${month}/${year}`
}

/** Says that no money moves: the provider is for trying. */
export function TestBadge({ driver }: { driver: PayProvider['driver'] }) {
  const { t } = useTranslation('pay')
  if (driver !== 'sandbox') return null
  return (
    <ToneBadge tone="warning" icon={IconFlask}>
      {t('test')}
    </ToneBadge>
  )
}

/** Ways by which a method can be kept for later. */
const storable: readonly PaymentMethod[] = ['card', 'bank_debit']

/** Whether a provider keeps this method for later charges. */
export function keeps(provider: PayProvider, method: PaymentMethod): boolean {
  return provider.stores && storable.includes(method)
}

/** Where the bank debits by a file it needs the account first: such a method cannot be used before it is kept. */
export function needsDetails(provider: Pick<PayProvider, 'driver'>, method: PaymentMethod): boolean {
  return provider.driver === 'debit_file' && method === 'bank_debit'
}

/** Whose turn a payment is that is not over. */
export function nameOfTurn(intent: Pick<OwnPaymentIntent, 'state'>): 'action_needed' | 'pending' | 'unknown' {
  if (intent.state === 'action_needed') return 'action_needed'
  return intent.state === 'unknown' ? 'unknown' : 'pending'
}
