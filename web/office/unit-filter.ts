import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { TableFilter } from '../shared/data-table.tsx'
import { unitsQuery } from './frame-queries.ts'

/** The filter by business unit of a list; none where there is only one. */
export function useUnitFilter(): TableFilter[] {
  const { t } = useTranslation()
  const { data: units = [] } = useQuery(unitsQuery)
  if (units.length < 2) return []
  return [
    {
      id: 'business_unit_id',
      label: t('words.unit'),
      options: units.map((unit) => ({ value: unit.id, label: unit.name })),
    },
  ]
}
