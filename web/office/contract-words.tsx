import IconArchive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import IconArrowBackUp from '@tabler/icons-react/dist/esm/icons/IconArrowBackUp.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconFileOff from '@tabler/icons-react/dist/esm/icons/IconFileOff.mjs'
import IconFiles from '@tabler/icons-react/dist/esm/icons/IconFiles.mjs'
import IconHourglassEmpty from '@tabler/icons-react/dist/esm/icons/IconHourglassEmpty.mjs'
import { useTranslation } from 'react-i18next'
import type { ContractDocumentSummary, ServiceContract } from '../shared/api-types.gen.ts'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { StateLook } from '../shared/states.ts'

const contractLooks: Record<ServiceContract['state'], StateLook> = {
  unissued: { tone: 'neutral', icon: IconFileOff },
  waiting: { tone: 'warning', icon: IconClock },
  in_force: { tone: 'good', icon: IconCircleCheck },
  declined: { tone: 'bad', icon: IconCircleX },
  expired: { tone: 'warning', icon: IconHourglassEmpty },
  ended: { tone: 'neutral', icon: IconArchive },
}
const documentLooks: Record<ContractDocumentSummary['state'], StateLook> = {
  issued: { tone: 'warning', icon: IconClock },
  accepted: { tone: 'good', icon: IconCircleCheck },
  declined: { tone: 'bad', icon: IconCircleX },
  superseded: { tone: 'neutral', icon: IconFiles },
  expired: { tone: 'warning', icon: IconHourglassEmpty },
  withdrawn: { tone: 'neutral', icon: IconArrowBackUp },
}

/** The states of a service's contract, in the order of its life. */
export const contractStates = Object.keys(contractLooks) as ServiceContract['state'][]

/** How the contract of a service stands. */
export function ContractState({ state }: { state: ServiceContract['state'] }) {
  const { t } = useTranslation('contracts')
  return <ToneBadge {...contractLooks[state]}>{t(`state.${state}`)}</ToneBadge>
}

/** How a document stands. */
export function DocumentState({ state }: { state: ContractDocumentSummary['state'] }) {
  const { t } = useTranslation('contracts')
  return <ToneBadge {...documentLooks[state]}>{t(`document_state.${state}`)}</ToneBadge>
}
