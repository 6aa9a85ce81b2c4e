import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'

/** What is known of an account that was set aside, besides its reason: the service to look at, or the database's words. */
export function ParkedDetail({ detail }: { detail: string | null }) {
  const { t } = useTranslation()
  if (detail === null) return null
  const facts = parse(detail)
  if (facts.subscription_id)
    return (
      <Link to="/services/$id" params={{ id: facts.subscription_id }}>
        {t('closings.open_service')}
      </Link>
    )
  return facts.message ?? null
}

function parse(detail: string): { subscription_id?: string; message?: string } {
  try {
    return JSON.parse(detail)
  } catch {
    return { message: detail }
  }
}
