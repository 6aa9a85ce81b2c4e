import { TextInput } from '@mantine/core'
import IconBuildingStore from '@tabler/icons-react/dist/esm/icons/IconBuildingStore.mjs'
import IconGift from '@tabler/icons-react/dist/esm/icons/IconGift.mjs'
import IconLifebuoy from '@tabler/icons-react/dist/esm/icons/IconLifebuoy.mjs'
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ShopPlan, ShopProduct } from '../../shared/api-types.gen.ts'
import { fold } from '../../shared/fold.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { ServicesNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { coverLink, List, Row, Tile } from '../list.tsx'
import { shopQuery, supportCreditsQuery } from '../order-queries.ts'
import { iconOfService } from '../service-words.ts'
import styles from '../shop.module.css'
import { firstPrice, useCycleWords } from '../shop-words.tsx'

/** What can be ordered without asking anybody, at today's prices. */
export const Route = createFileRoute('/_app/shop/')({
  loader: ({ context: { queryClient } }) =>
    Promise.all([queryClient.ensureQueryData(shopQuery), queryClient.ensureQueryData(supportCreditsQuery)]),
  component: ShopPage,
  errorComponent: AreaProblem,
})

/** From how many plans on they are searched. */
const many = 9

function ShopPage() {
  const { t } = useTranslation('shop')
  const { data: shop } = useSuspenseQuery(shopQuery)
  const { data: credits } = useSuspenseQuery(supportCreditsQuery)
  const [typed, setTyped] = useState('')
  const wanted = fold(typed.trim())
  const all = shop.products.flatMap((product) => product.plans)
  const found = shop.products
    .map((product) => ({
      ...product,
      plans: product.plans.filter((plan) =>
        fold(`${product.name} ${plan.name} ${plan.description ?? ''}`).includes(wanted),
      ),
    }))
    .filter((product) => product.plans.length > 0)
  return (
    <>
      <ServicesNav />
      <PageTitle title={t('title')} subtitle={t('subtitle')} />
      <Stacked>
        {all.length >= many && (
          <TextInput
            type="search"
            className={styles.search}
            aria-label={t('search')}
            placeholder={t('search')}
            leftSection={<IconSearch size={18} aria-hidden />}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        {all.length === 0 ? (
          <Section>
            <EmptyState icon={<IconBuildingStore size={24} aria-hidden />} title={t('empty')}>
              {t('empty_text')}
            </EmptyState>
          </Section>
        ) : (
          found.length === 0 && (
            <Section>
              <EmptyState icon={<IconSearch size={24} aria-hidden />} title={t('not_found', { typed })} />
            </Section>
          )
        )}
        {found.map((product) => (
          <Product key={product.id} product={product} currency={shop.currency} />
        ))}
        {(credits.items.length > 0 || all.some((plan) => plan.order_kind === 'support_pack')) && <Credits />}
      </Stacked>
    </>
  )
}

function Product({ product, currency }: { product: ShopProduct; currency: string }) {
  return (
    <Section plain title={product.name} description={product.description ?? undefined}>
      <ul className={styles.cards}>
        {product.plans.map((plan) => (
          <PlanCard key={plan.id} plan={plan} currency={currency} />
        ))}
      </ul>
    </Section>
  )
}

function PlanCard({ plan, currency }: { plan: ShopPlan; currency: string }) {
  const { t } = useTranslation('shop')
  const { money } = useFormats()
  const words = useCycleWords(currency)
  const price = firstPrice(plan)
  const Icon = iconOfService(plan.kind)
  const others = plan.prices.slice(1, 4)
  return (
    <li className={styles.card}>
      <div className={styles.cardHead}>
        <span className={styles.tile} aria-hidden>
          <Icon size={22} stroke={1.75} />
        </span>
        <h3>
          <Link to="/shop/$plan" params={{ plan: plan.id }} className={styles.cover}>
            {plan.name}
          </Link>
        </h3>
      </div>
      {plan.description && <p className={styles.about}>{plan.description}</p>}
      {(plan.items.length > 0 || plan.order_kind === 'support_pack') && (
        <ul className={styles.items}>
          {plan.items
            .filter((one) => one.included > 0)
            .slice(0, 4)
            .map((one) => (
              <li key={one.item}>{t(`portal:service.item.${one.item}`, { count: one.included })}</li>
            ))}
          {plan.order_kind === 'support_pack' && (
            <li>{t('credits.count', { count: plan.support_credits })}</li>
          )}
        </ul>
      )}
      {(plan.trial_days > 0 || plan.proportional_trial) && (
        <div>
          <ToneBadge tone="good" icon={IconGift}>
            {plan.trial_days > 0 ? t('trial', { count: plan.trial_days }) : t('trial_closing')}
          </ToneBadge>
        </div>
      )}
      <div className={styles.cardFoot}>
        {price && (
          <p className={styles.from}>
            {(others.length > 0 || price.price_model === 'tiered' || price.price_model === 'volume') && (
              <small>{t('from')}</small>
            )}
            <strong>{price.one === 0 ? t('free') : money(price.one, currency)}</strong>
            <span>{price.one > 0 && words.every(price)}</span>
          </p>
        )}
        {others.length > 0 && (
          <p className={styles.others}>
            {t('or', { prices: others.map((one) => words.amount(one, one.one)).join(', ') })}
          </p>
        )}
        <span className={styles.go} aria-hidden>
          {t('choose')}
        </span>
      </div>
    </li>
  )
}

/** The balance of support credits, and where it comes from. */
function Credits() {
  const { t } = useTranslation('shop')
  const { date } = useFormats()
  const { data: credits } = useSuspenseQuery(supportCreditsQuery)
  return (
    <Section title={t('credits.title')} description={t('credits.text')} flush>
      <p className={styles.balance}>
        <strong>{credits.balance}</strong> {t('credits.balance', { count: credits.balance })}
      </p>
      {credits.items.length > 0 && (
        <List label={t('credits.title')}>
          {credits.items.map((entry) => (
            <Row
              key={entry.id}
              line
              lead={<Tile icon={IconLifebuoy} tone={entry.amount > 0 ? 'good' : 'neutral'} />}
              name={
                entry.order_id !== null ? (
                  <Link to="/orders/$id" params={{ id: entry.order_id }} className={coverLink}>
                    {entry.order_title}
                  </Link>
                ) : (
                  (entry.reason ?? t(`credits.kind.${entry.kind}`))
                )
              }
              detail={date(entry.created_at)}
              end={<strong>{entry.amount > 0 ? `+${entry.amount}` : entry.amount}</strong>}
            />
          ))}
        </List>
      )}
    </Section>
  )
}
