import { ActionIcon, Anchor, Button, Checkbox } from '@mantine/core'
import IconArrowDown from '@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs'
import IconArrowUp from '@tabler/icons-react/dist/esm/icons/IconArrowUp.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconReceiptTax from '@tabler/icons-react/dist/esm/icons/IconReceiptTax.mjs'
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { BusinessUnit, Tax, TaxPreview } from '../../shared/api-types.gen.ts'
import { parseMoney } from '../../shared/formats.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { MoneyInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { chooseUnit } from '../chosen-unit.ts'
import { unitsQuery } from '../frame-queries.ts'
import { formatRate } from '../rates.ts'
import { useMay } from '../session.ts'
import { SettingsNav } from '../settings-nav.tsx'
import { TaxDialog } from '../tax-dialog.tsx'
import { productTaxesQuery, refreshTaxes, taxesQuery } from '../tax-queries.ts'
import styles from '../taxes.module.css'
import { UnitChoice } from '../unit-choice.tsx'

/** The taxes of a business unit, which products bear them, and what a price becomes. */
export const Route = createFileRoute('/_app/settings/taxes')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    const [units] = await Promise.all([queryClient.ensureQueryData(unitsQuery), loadTexts('books')])
    const unit = chooseUnit(units, deps)
    if (!unit) return
    void queryClient.prefetchQuery(productTaxesQuery(unit.id))
    await queryClient.ensureQueryData(taxesQuery(unit.id))
  },
  component: TaxesPage,
})

function TaxesPage() {
  const { t } = useTranslation('books')
  const { data: units } = useSuspenseQuery(unitsQuery)
  const unit = chooseUnit(units, Route.useSearch())
  if (!unit) {
    return (
      <>
        <PageTitle title={t('taxes.title')} />
        <SettingsNav />
      </>
    )
  }
  return <TaxesOf key={unit.id} unit={unit} />
}

function TaxesOf({ unit }: { unit: BusinessUnit }) {
  const { t } = useTranslation('books')
  const may = useMay()
  const { data: taxes } = useSuspenseQuery(taxesQuery(unit.id))
  const [edited, setEdited] = useState<Tax | 'new' | null>(null)
  const queryClient = useQueryClient()
  const archive = useMutation({
    mutationFn: ({ id, archived }: { id: string; archived: boolean }) =>
      orThrow(api.PATCH('/api/v1/office/taxes/{id}', { params: { path: { id } }, body: { archived } })),
    onSuccess: () => {
      setEdited(null)
      return refreshTaxes(queryClient)
    },
    onError: useProblemToast(),
  })
  const editable = may('settings.write')
  const create = editable && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEdited('new')}>
      {t('taxes.new')}
    </Button>
  )
  const used = taxes.filter((tax) => tax.archived_at === null)
  return (
    <>
      <PageTitle
        title={t('taxes.title')}
        actions={
          <>
            <UnitChoice />
            {create}
          </>
        }
      />
      <SettingsNav />
      <Stacked>
        {taxes.length === 0 ? (
          <Section>
            <EmptyState
              icon={<IconReceiptTax size={24} aria-hidden />}
              title={t('taxes.none')}
              action={create}
            >
              {t('taxes.none_text')}
            </EmptyState>
          </Section>
        ) : (
          <Section title={unit.name} description={t('taxes.text')} flush>
            <TaxTable taxes={taxes} unit={unit} editable={editable} onEdit={setEdited} />
          </Section>
        )}
        {used.length > 0 && (
          <>
            <Products unit={unit} taxes={taxes} editable={editable} />
            <Calculator unit={unit} taxes={used} />
          </>
        )}
      </Stacked>
      {edited !== null && (
        <TaxDialog
          tax={edited === 'new' ? null : edited}
          unit={unit}
          onArchive={(archived) => edited !== 'new' && archive.mutate({ id: edited.id, archived })}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  )
}

function TaxTable({
  taxes,
  unit,
  editable,
  onEdit,
}: {
  taxes: Tax[]
  unit: BusinessUnit
  editable: boolean
  onEdit: (tax: Tax) => void
}) {
  const { t, i18n } = useTranslation('books')
  const queryClient = useQueryClient()
  const order = useMutation({
    mutationFn: (tax_ids: string[]) =>
      orThrow(
        api.PUT('/api/v1/office/business-units/{id}/tax-order', {
          params: { path: { id: unit.id } },
          body: { tax_ids },
        }),
      ),
    onSuccess: () => refreshTaxes(queryClient),
    onError: useProblemToast(),
  })
  const used = taxes.filter((tax) => tax.archived_at === null)
  const move = (tax: Tax, by: -1 | 1) => {
    const ids = used.map((one) => one.id)
    const at = ids.indexOf(tax.id)
    ids.splice(at, 1)
    ids.splice(at + by, 0, tax.id)
    order.mutate(ids)
  }
  return (
    <SimpleTable
      label={t('taxes.title')}
      rows={taxes}
      rowId={(row) => row.id}
      columns={[
        {
          id: 'name',
          header: t('taxes.name'),
          primary: true,
          width: '30%',
          cell: (row) =>
            editable ? (
              <Anchor component="button" type="button" fw={550} onClick={() => onEdit(row)}>
                {row.name}
              </Anchor>
            ) : (
              row.name
            ),
        },
        {
          id: 'rate',
          header: t('taxes.rate'),
          align: 'end',
          cell: (row) => formatRate(row.rate, i18n.language),
        },
        {
          id: 'how',
          header: t('taxes.how'),
          cell: (row) => t(row.inclusive ? 'taxes.inclusive' : 'taxes.exclusive'),
        },
        { id: 'products', header: t('taxes.products'), align: 'end', cell: (row) => row.products },
        {
          id: 'state',
          header: t('taxes.state'),
          cell: (row) => (
            <ToneBadge tone={row.archived_at === null ? 'good' : 'neutral'}>
              {t(row.archived_at === null ? 'taxes.in_use' : 'taxes.archived')}
            </ToneBadge>
          ),
        },
        ...(editable && used.length > 1
          ? [
              {
                id: 'order',
                header: t('taxes.order'),
                align: 'end' as const,
                cell: (row: Tax) => {
                  const at = used.indexOf(row)
                  if (at === -1) return null
                  return (
                    <span className={styles.order}>
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={t('taxes.up', { name: row.name })}
                        disabled={at === 0 || order.isPending}
                        onClick={() => move(row, -1)}
                      >
                        <IconArrowUp size={16} aria-hidden />
                      </ActionIcon>
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        aria-label={t('taxes.down', { name: row.name })}
                        disabled={at === used.length - 1 || order.isPending}
                        onClick={() => move(row, 1)}
                      >
                        <IconArrowDown size={16} aria-hidden />
                      </ActionIcon>
                    </span>
                  )
                },
              },
            ]
          : []),
      ]}
    />
  )
}

/** Each product with a box for each tax: a click is saved at once. */
function Products({ unit, taxes, editable }: { unit: BusinessUnit; taxes: Tax[]; editable: boolean }) {
  const { t, i18n } = useTranslation('books')
  const queryClient = useQueryClient()
  const query = useQuery(productTaxesQuery(unit.id))
  // What was ticked stands at once, until it is saved and read again.
  const [chosen, setChosen] = useState<Record<string, string[]>>({})
  const save = useMutation({
    mutationFn: ({ id, tax_ids }: { id: string; tax_ids: string[] }) =>
      orThrow(api.PUT('/api/v1/office/products/{id}/taxes', { params: { path: { id } }, body: { tax_ids } })),
    onSettled: async (_result, _error, { id }) => {
      await refreshTaxes(queryClient)
      setChosen(({ [id]: _saved, ...rest }) => rest)
    },
    onError: useProblemToast(),
  })
  const products = (query.data ?? []).map((row) => ({
    ...row,
    tax_ids: chosen[row.product_id] ?? row.tax_ids,
  }))
  return (
    <Section title={t('taxes.of_products')} description={t('taxes.of_products_text')} flush>
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.data && products.length === 0 && <p className={styles.note}>{t('taxes.no_products')}</p>}
      <ul className={styles.products}>
        {products.map((product) => (
          <li key={product.product_id}>
            <strong>{product.product_name}</strong>
            <div className={styles.picked}>
              {taxes
                .filter((tax) => tax.archived_at === null || product.tax_ids.includes(tax.id))
                .map((tax) => (
                  <Checkbox
                    key={tax.id}
                    label={`${tax.name} · ${formatRate(tax.rate, i18n.language)}`}
                    aria-label={t('taxes.bears', { product: product.product_name, tax: tax.name })}
                    checked={product.tax_ids.includes(tax.id)}
                    disabled={!editable}
                    onChange={(event) => {
                      const tax_ids = event.currentTarget.checked
                        ? [...product.tax_ids, tax.id]
                        : product.tax_ids.filter((id) => id !== tax.id)
                      setChosen((before) => ({ ...before, [product.product_id]: tax_ids }))
                      save.mutate({ id: product.product_id, tax_ids })
                    }}
                  />
                ))}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** What a price becomes: by the same rule as on an invoice. */
function Calculator({ unit, taxes }: { unit: BusinessUnit; taxes: Tax[] }) {
  const { t, i18n } = useTranslation('books')
  const { money } = useFormats()
  const [amount, setAmount] = useState<number | null>(() => parseMoney('100', unit.currency, i18n.language))
  const [chosen, setChosen] = useState<string[]>(() => taxes.map((tax) => tax.id))
  const ids = taxes.map((tax) => tax.id).filter((id) => chosen.includes(id))
  const query = useQuery<TaxPreview>({
    queryKey: [
      'taxes',
      'preview',
      unit.id,
      unit.tax_rounding,
      amount,
      ids,
      taxes.map((tax) => tax.updated_at),
    ],
    enabled: amount !== null,
    placeholderData: (before) => before,
    queryFn: ({ signal }) =>
      orThrow(
        api.POST('/api/v1/office/taxes/preview', {
          body: { business_unit_id: unit.id, amount: amount ?? 0, tax_ids: ids },
          signal,
        }),
      ),
  })
  const result = query.data
  return (
    <Section title={t('taxes.calculator')}>
      <div className={styles.calculator}>
        <div className={styles.inputs}>
          <MoneyInput label={t('taxes.price')} currency={unit.currency} value={amount} onChange={setAmount} />
          <div className={styles.picked}>
            {taxes.map((tax) => (
              <Checkbox
                key={tax.id}
                label={tax.name}
                checked={chosen.includes(tax.id)}
                onChange={(event) =>
                  setChosen(
                    event.currentTarget.checked ? [...chosen, tax.id] : chosen.filter((id) => id !== tax.id),
                  )
                }
              />
            ))}
          </div>
        </div>
        <div role="status">
          <ProblemAlert error={query.error} onRetry={query.refetch} />
          {result && (
            <dl className={styles.result}>
              <div>
                <dt>{t('taxes.net')}</dt>
                <dd>
                  <Money amount={result.net} currency={result.currency} />
                </dd>
              </div>
              {result.taxes.map((tax) => (
                <div key={tax.tax_id}>
                  <dt>
                    {tax.inclusive ? t('taxes.included', { name: tax.name }) : tax.name}
                    <small>
                      {t('taxes.of_base', {
                        rate: formatRate(tax.rate, i18n.language),
                        base: money(tax.base, result.currency),
                      })}
                    </small>
                  </dt>
                  <dd>
                    <Money amount={tax.amount} currency={result.currency} />
                  </dd>
                </div>
              ))}
              <div className={styles.total}>
                <dt>{t('taxes.total')}</dt>
                <dd>
                  <Money amount={result.total} currency={result.currency} />
                </dd>
              </div>
            </dl>
          )}
        </div>
      </div>
      <p className={styles.note}>{t(`taxes.rounding_says.${unit.tax_rounding}`, { unit: unit.name })}</p>
    </Section>
  )
}
