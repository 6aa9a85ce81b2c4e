import { useTranslation } from 'react-i18next'
import type { WebhookEventType } from './api-types.gen.ts'
import type { Tone } from './theme.ts'

/** An event type in words; one that has none yet as it is. The page has loaded the texts of `webhooks`. */
export function useEventWords(): (type: string) => string {
  const { t } = useTranslation('webhooks')
  return (type) => t(`type.${type.replaceAll('.', '_')}`, { defaultValue: type })
}

export type NamedEvent = WebhookEventType & { label: string }

/** Event types by what they are about, in the order in which they come. */
export function useEventGroups(
  events: readonly WebhookEventType[],
): { label: string; events: NamedEvent[] }[] {
  const { t } = useTranslation('webhooks')
  const words = useEventWords()
  const groups = new Map<string, NamedEvent[]>()
  for (const event of events) {
    const label = t(`group.${event.object}`, { defaultValue: event.object })
    groups.set(label, [...(groups.get(label) ?? []), { ...event, label: words(event.type) }])
  }
  return [...groups].map(([label, all]) => ({ label, events: all }))
}

export const endpointTones: Record<string, Tone> = { active: 'good', failing: 'warning', disabled: 'neutral' }
export const deliveryTones: Record<string, Tone> = {
  pending: 'info',
  retrying: 'warning',
  delivered: 'good',
  failed: 'bad',
  cancelled: 'neutral',
}
