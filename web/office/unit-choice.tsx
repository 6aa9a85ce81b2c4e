import { NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Search } from '../shared/router.ts'
import { chooseUnit } from './chosen-unit.ts'
import { unitsQuery } from './frame-queries.ts'

/** The choice of it; nothing where there is only one. */
export function UnitChoice() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as Search
  const { data: units = [] } = useQuery(unitsQuery)
  if (units.length < 2) return null
  return (
    <NativeSelect
      aria-label={t('words.unit')}
      value={chooseUnit(units, search)?.id ?? ''}
      data={units.map((unit) => ({ value: unit.id, label: unit.name }))}
      onChange={(event) =>
        void navigate({
          to: '.',
          search: { ...search, business_unit_id: event.currentTarget.value } as never,
          replace: true,
        })
      }
    />
  )
}
