import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import { Section } from '../shared/page.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { type AccountValues, readDomains } from './account-form.tsx'
import styles from './list.module.css'

/** What is asked, a moment after the last key. */
function useSettled<T>(value: T, milliseconds: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds)
    return () => clearTimeout(timer)
  }, [value, milliseconds])
  return settled
}

/** Accounts that may be the one being typed, with the reason and a way to look; it only suggests. */
export function LikelyDuplicates({ values }: { values: AccountValues }) {
  const { t } = useTranslation()
  const asked = useSettled(
    JSON.stringify({
      name: values.name.trim().length >= 4 ? values.name.trim() : undefined,
      tax_id: values.tax_id.trim() || undefined,
      email: values.email.trim() || undefined,
      phone: values.phone.trim() || undefined,
      domains: readDomains(values.domains),
      business_unit_id: values.business_unit_id || undefined,
    }),
    350,
  )
  const query = JSON.parse(asked) as {
    name?: string
    tax_id?: string
    email?: string
    phone?: string
    domains: string[]
    business_unit_id?: string
  }
  const { domains, business_unit_id, ...texts } = query
  const found = useQuery({
    queryKey: ['accounts', 'duplicates', asked],
    enabled: Object.values(texts).some(Boolean) || domains.length > 0,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
    queryFn: async ({ signal }) =>
      (
        await orThrow(
          api.GET('/api/v1/office/account-duplicates', {
            params: {
              query: { ...texts, domains: domains.length > 0 ? domains : undefined, business_unit_id },
            },
            signal,
          }),
        )
      ).items,
  })
  const items = found.data ?? []
  return (
    <div role="status" aria-live="polite">
      {items.length > 0 && (
        <Section
          title={t('guide.duplicates', { count: items.length })}
          description={t('guide.duplicates_text')}
        >
          <ul className={styles.list}>
            {items.map((one) => (
              <li key={one.id}>
                <div className={styles.words}>
                  <strong>
                    <Link to="/accounts/$id" params={{ id: one.id }}>
                      {one.name}
                    </Link>
                  </strong>
                  <small>
                    {[
                      t('accounts.number_of', { number: one.number }),
                      one.tax_id,
                      one.city,
                      one.business_unit_name,
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </small>
                  <span>
                    <ToneBadge tone={one.reason === 'similar_name' ? 'neutral' : 'warning'}>
                      {t(`guide.reason.${one.reason}`)}
                    </ToneBadge>
                  </span>
                </div>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  )
}
