import IconBan from '@tabler/icons-react/dist/esm/icons/IconBan.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconLoader2 from '@tabler/icons-react/dist/esm/icons/IconLoader2.mjs'
import { useTranslation } from 'react-i18next'
import type { SubscriptionChange } from './api-types.gen.ts'
import { ToneBadge } from './state-badge.tsx'

const looks = {
  requested: { tone: 'info', icon: IconLoader2 },
  scheduled: { tone: 'info', icon: IconClock },
  done: { tone: 'good', icon: IconCircleCheck },
  withdrawn: { tone: 'neutral', icon: IconBan },
  failed: { tone: 'bad', icon: IconCircleX },
} as const

/** What became of a change of a service. */
export function ChangeState({ state }: { state: SubscriptionChange['state'] }) {
  const { t } = useTranslation('changes')
  const { tone, icon } = looks[state]
  return (
    <ToneBadge tone={tone} icon={icon}>
      {t(`state.${state}`)}
    </ToneBadge>
  )
}

type Told = Pick<SubscriptionChange, 'kind' | 'before' | 'after'>

/** What a change is, in a line: "Change of plan: Fibra 300 → Fibra 500". */
export function useChangeWords(): (change: Told) => string {
  const { t } = useTranslation('changes')
  return ({ kind, before, after }) => {
    const word = t(`kind.${kind}`)
    if (kind === 'transfer' && after?.account_name) return t('told.to', { word, name: after.account_name })
    if (kind === 'plan' && before && after)
      return t('told.from_to', { word, before: before.plan_name, after: after.plan_name })
    return word
  }
}
