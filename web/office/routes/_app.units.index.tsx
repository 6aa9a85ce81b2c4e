import IconBuilding from '@tabler/icons-react/dist/esm/icons/IconBuilding.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { nameOfLanguage } from '../../shared/i18n.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { ButtonLink } from '../button-link.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'
import styles from '../unit.module.css'

/** The business units: few by nature, all on one page. */
export const Route = createFileRoute('/_app/units/')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(unitsQuery),
  component: Units,
})

function Units() {
  const { t } = useTranslation()
  const may = useMay()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const create = may('units.write') && (
    <ButtonLink to="/units/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {t('units.new_short')}
    </ButtonLink>
  )
  return (
    <>
      <PageTitle title={t('shell.units')} subtitle={t('units.subtitle')} actions={create} />
      <Section flush>
        {units.length === 0 ? (
          <EmptyState icon={<IconBuilding size={24} aria-hidden />} title={t('units.none')} action={create}>
            {t('units.none_text')}
          </EmptyState>
        ) : (
          <SimpleTable
            label={t('shell.units')}
            rows={units}
            rowId={(unit) => unit.id}
            columns={[
              {
                id: 'name',
                header: t('units.name'),
                primary: true,
                cell: (unit) => (
                  <Link to="/units/$id" params={{ id: unit.id }} className={styles.identity}>
                    <i className={styles.swatch} style={{ background: unit.accent }} aria-hidden />
                    {unit.name}
                  </Link>
                ),
              },
              { id: 'legal', header: t('units.legal_name'), cell: (unit) => unit.legal_name },
              {
                id: 'closing',
                header: t('units.closing_column'),
                align: 'end',
                cell: (unit) => unit.closing_day,
              },
              { id: 'due', header: t('units.due_day'), align: 'end', cell: (unit) => unit.due_day },
              {
                id: 'mode',
                header: t('units.billing_mode'),
                cell: (unit) => t(`words.billing_mode.${unit.billing_mode}`),
              },
              { id: 'currency', header: t('units.currency'), cell: (unit) => unit.currency },
              { id: 'language', header: t('units.language'), cell: (unit) => nameOfLanguage(unit.language) },
            ]}
          />
        )}
      </Section>
    </>
  )
}
