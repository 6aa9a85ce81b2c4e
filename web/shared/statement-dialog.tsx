import { Button } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog, DialogActions } from './dialog.tsx'
import { DateInput } from './inputs.tsx'

/** What it says, from the catalogue of the app that shows it. */
type Words = { title: string; from: string; to: string; download: string }

/** A day of the browser's calendar as `YYYY-MM-DD`; Sweden writes dates as ISO 8601 does. */
const dayOf = (date: Date) => new Intl.DateTimeFormat('sv-SE').format(date)

function lastTwelveMonths() {
  const today = new Date()
  const from = new Date(today.getFullYear() - 1, today.getMonth(), today.getDate() + 1)
  return { from: dayOf(from), to: dayOf(today) }
}

/** The statement as PDF over the days that one chooses; at first the last twelve months. `path` is the API's. */
export function StatementDialog({
  path,
  words,
  onClose,
}: {
  path: string
  words: Words
  onClose: () => void
}) {
  const { t } = useTranslation('common')
  const [days, setDays] = useState(lastTwelveMonths)
  const valid = days.from !== '' && days.to !== '' && days.from <= days.to
  const field = (name: 'from' | 'to') => ({
    value: days[name],
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) =>
      setDays((before) => ({ ...before, [name]: currentTarget.value })),
  })
  return (
    <Dialog opened onClose={onClose} title={words.title} size="small">
      <div style={{ display: 'grid', gap: '1rem' }}>
        <DateInput label={words.from} max={days.to} {...field('from')} />
        <DateInput label={words.to} min={days.from} {...field('to')} />
      </div>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('action.cancel')}
        </Button>
        <Button
          component="a"
          href={valid ? `${path}?from=${days.from}&to=${days.to}` : undefined}
          download
          data-disabled={!valid || undefined}
          aria-disabled={!valid || undefined}
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={valid ? onClose : undefined}
        >
          {words.download}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
