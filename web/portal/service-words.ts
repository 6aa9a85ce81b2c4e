import type { TablerIcon } from '@tabler/icons-react'
import IconBox from '@tabler/icons-react/dist/esm/icons/IconBox.mjs'
import IconKey from '@tabler/icons-react/dist/esm/icons/IconKey.mjs'
import IconLifebuoy from '@tabler/icons-react/dist/esm/icons/IconLifebuoy.mjs'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconPhone from '@tabler/icons-react/dist/esm/icons/IconPhone.mjs'
import IconServer from '@tabler/icons-react/dist/esm/icons/IconServer.mjs'
import IconWifi from '@tabler/icons-react/dist/esm/icons/IconWifi.mjs'
import IconWorld from '@tabler/icons-react/dist/esm/icons/IconWorld.mjs'
import type { Home } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'

type Kind = Home['services'][number]['kind']

const icons: Record<Kind, TablerIcon> = {
  dial_up: IconPhone,
  broadband: IconWifi,
  additional_point: IconWifi,
  email: IconMail,
  hosting: IconServer,
  domain: IconWorld,
  licence: IconKey,
  support_pack: IconLifebuoy,
  generic: IconBox,
}

/** The picture of a kind of service. */
export function iconOfService(kind: Kind): TablerIcon {
  return icons[kind]
}

/** What is off the price each month: an amount of minor units or a share. */
export interface Discount {
  discount_kind: 'amount' | 'percent' | null
  discount_amount: number | null
  discount_basis_points: number | null
}

/** A month's price after the discount, in minor units; halves go up, as on the invoice (billing.md). */
export function priceAfterDiscount(listAmount: number, discount: Discount): number {
  if (discount.discount_kind === 'amount') return Math.max(0, listAmount - (discount.discount_amount ?? 0))
  if (discount.discount_kind === 'percent') {
    const off = (BigInt(listAmount) * BigInt(discount.discount_basis_points ?? 0) + 5_000n) / 10_000n
    return listAmount - Number(off)
  }
  return listAmount
}

/** The API says the first day that is no longer charged; people say the last one that is. */
export function lastDayOf(endDate: string): string {
  return addDays(endDate, -1)
}
