import { Button, Checkbox } from '@mantine/core'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { OlderPrice, Plan } from '../shared/api-types.gen.ts'
import { ConfirmDialog } from '../shared/dialog.tsx'
import { DateInput } from '../shared/inputs.tsx'
import { Section } from '../shared/page.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { Money } from '../shared/values.tsx'
import { refreshAccounts } from './account-queries.ts'
import listStyles from './list.module.css'
import { usePriceWords } from './price-words.ts'
import styles from './prices.module.css'
import { useMay } from './session.ts'

/** Makes one of them charged at the price of today from a day on: a change of price like any other. */
function moveToList(row: OlderPrice, day: string): Promise<unknown> {
  return orThrow(
    api.POST('/api/v1/office/subscriptions/{id}/changes', {
      params: { path: { id: row.subscription_id } },
      headers: idempotent(crypto.randomUUID()),
      body: {
        change: {
          kind: 'price',
          timing: 'date',
          effective_on: day,
          component_id: row.component_id,
          price_model: row.list_price_model,
          unit_amount: row.list_unit_amount,
          tiers: row.list_tiers,
          package_size: row.list_package_size,
          included: row.list_included,
        },
      },
    }),
  )
}

/** Who pays another price of a plan than the one that is sold now; nothing where all pay that. */
export function OlderPrices({ plan }: { plan: Plan }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const sayPrice = usePriceWords()
  const may = useMay()
  const queryClient = useQueryClient()
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [asked, setAsked] = useState(false)
  const [day, setDay] = useState(plan.day)
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['plans', plan.id, 'older-prices', plan.updated_at],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/plans/{id}/older-prices', {
          params: { path: { id: plan.id }, query: { limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  const rows = data?.pages.flatMap((page) => page.items) ?? []
  const count = data?.pages[0]?.count ?? 0
  if (count === 0) return null
  const movable = may('subscriptions.write')
  const picked = rows.filter((row) => chosen.has(row.component_id))
  const choose = (ids: string[], on: boolean) =>
    setChosen((before) => {
      const after = new Set(before)
      for (const id of ids) {
        if (on) after.add(id)
        else after.delete(id)
      }
      return after
    })
  const move = async () => {
    let done = 0
    const failed: string[] = []
    // One after the other: each is a change of its own, and one that is refused stops none of the others.
    for (const row of picked) {
      try {
        await moveToList(row, day)
        done++
      } catch {
        failed.push(row.component_id)
      }
    }
    setChosen(new Set(failed))
    if (done > 0) showToast({ tone: 'good', title: t('prices.older_moved', { count: done }) })
    if (failed.length > 0)
      showToast({ tone: 'bad', title: t('prices.older_failed', { count: failed.length }) })
    void refreshAccounts(queryClient)
    await queryClient.invalidateQueries({ queryKey: ['plans', plan.id] })
  }
  const pays = (row: OlderPrice, list: boolean) => {
    const amount = list ? row.list_amount : row.amount
    if (amount !== null) return <Money amount={amount} currency={row.currency} />
    return sayPrice({
      currency: row.currency,
      price_model: list ? row.list_price_model : row.price_model,
      amount: list ? row.list_unit_amount : row.unit_amount,
      tiers: list ? row.list_tiers : row.tiers,
      package_size: list ? row.list_package_size : row.package_size,
      included: list ? row.list_included : row.included,
    })
  }
  return (
    <div className={styles.wide}>
      <Section
        title={t('prices.older')}
        description={t('prices.older_text')}
        actions={
          movable && (
            <Button size="xs" disabled={picked.length === 0} onClick={() => setAsked(true)}>
              {picked.length === 0
                ? t('prices.older_move')
                : t('prices.older_move_count', { count: picked.length })}
            </Button>
          )
        }
      >
        <div className={styles.olderHead}>
          <span>
            {count === 1000
              ? `${number(1000)}+ ${t('prices.older').toLowerCase()}`
              : t('prices.older_count', { count })}
          </span>
          {movable && (
            <Checkbox
              label={t('prices.older_select_all')}
              checked={picked.length === rows.length}
              indeterminate={picked.length > 0 && picked.length < rows.length}
              onChange={(event) =>
                choose(
                  rows.map((row) => row.component_id),
                  event.currentTarget.checked,
                )
              }
            />
          )}
        </div>
        <SimpleTable
          label={t('prices.older')}
          rows={rows}
          rowId={(row) => row.component_id}
          columns={[
            {
              id: 'account',
              header: t('prices.older_account'),
              cell: (row) => (
                <Link to="/services/$id" params={{ id: row.subscription_id }} className={listStyles.inline}>
                  {row.account_name}
                </Link>
              ),
            },
            {
              id: 'what',
              header: t('prices.older_what'),
              cell: (row) =>
                row.quantity > 1 ? `${number(row.quantity)} × ${row.description}` : row.description,
            },
            { id: 'now', header: t('prices.older_now'), align: 'end', cell: (row) => pays(row, false) },
            { id: 'list', header: t('prices.older_list'), align: 'end', cell: (row) => pays(row, true) },
            ...(movable
              ? [
                  {
                    id: 'choose',
                    header: '',
                    align: 'end' as const,
                    width: '3rem',
                    cell: (row: OlderPrice) => (
                      <Checkbox
                        aria-label={t('prices.older_select', { name: row.account_name })}
                        checked={chosen.has(row.component_id)}
                        onChange={(event) => choose([row.component_id], event.currentTarget.checked)}
                      />
                    ),
                  },
                ]
              : []),
          ]}
        />
        {hasNextPage && (
          <Button
            className={styles.more}
            size="xs"
            variant="default"
            loading={isFetchingNextPage}
            onClick={() => void fetchNextPage()}
          >
            {t('prices.older_more')}
          </Button>
        )}
        <ConfirmDialog
          opened={asked}
          onClose={() => setAsked(false)}
          title={t('prices.older_move_title')}
          confirm={t('prices.older_move_count', { count: picked.length })}
          onConfirm={move}
        >
          <p>{t('prices.older_move_text')}</p>
          <DateInput
            label={t('prices.older_move_date')}
            required
            value={day}
            onChange={(event) => setDay(event.currentTarget.value || plan.day)}
          />
        </ConfirmDialog>
      </Section>
    </div>
  )
}
