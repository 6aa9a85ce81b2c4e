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

/** The API says the first day that is no longer charged; people say the last one that is. */
export function lastDayOf(endDate: string): string {
  return addDays(endDate, -1)
}
