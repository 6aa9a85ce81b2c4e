import { Button, NativeSelect } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconFileExport from '@tabler/icons-react/dist/esm/icons/IconFileExport.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account, PrivacyExport } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { languages, nameOfLanguage } from '../shared/i18n.ts'
import { ProgressBar } from '../shared/job-tray.tsx'
import { Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { StateBadge } from '../shared/state-badge.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import formStyles from './form-layout.module.css'
import listStyles from './list.module.css'
import styles from './privacy.module.css'
import { privacyExportsQuery } from './privacy-queries.ts'

/** The exports of all that is stored about an account, and the way to another one. */
export function PrivacyExports({ account }: { account: Account }) {
  const { t } = useTranslation()
  const query = useQuery(privacyExportsQuery(account.id))
  const [asking, setAsking] = useState(false)
  const exports = query.data ?? []
  const busy = exports.some(
    (one) => one.side === 'staff' && (one.state === 'queued' || one.state === 'running'),
  )
  return (
    <Section
      title={t('privacy.exports')}
      description={t('privacy.export_text')}
      actions={
        <Button
          size="xs"
          variant="default"
          disabled={busy}
          leftSection={<IconFileExport size={16} aria-hidden />}
          onClick={() => setAsking(true)}
        >
          {t('privacy.export')}
        </Button>
      }
    >
      <ProblemAlert error={query.error} onRetry={query.refetch} />
      {query.isPending && <SkeletonText lines={2} />}
      {query.isSuccess && exports.length === 0 && (
        <p className={listStyles.nothing}>{t('privacy.no_exports')}</p>
      )}
      <ul className={styles.exports} aria-live="polite">
        {exports.map((one) => (
          <ExportRow key={one.id} one={one} />
        ))}
      </ul>
      {asking && <ExportDialog account={account} onClose={() => setAsking(false)} />}
    </Section>
  )
}

function ExportRow({ one }: { one: PrivacyExport }) {
  const { t } = useTranslation()
  const { date, time, exact, bytes } = useFormats()
  const running = one.state === 'queued' || one.state === 'running'
  const kept = one.state === 'done' && one.removed_at === null
  const day = date(one.created_at)
  return (
    <li>
      <div className={styles.words}>
        <strong>
          <time dateTime={one.created_at} title={exact(one.created_at)}>
            {day}, {time(one.created_at)}
          </time>
          <StateBadge kind="job" state={one.state} />
        </strong>
        <small>
          {t(one.side === 'customer' ? 'privacy.export_by_customer' : 'privacy.export_by', {
            name: one.requested_by_name ?? '–',
          })}
          {one.removed_at !== null && one.state === 'done' && ` · ${t('privacy.export_removed')}`}
          {kept && one.expires_at && ` · ${t('privacy.export_until', { date: date(one.expires_at) })}`}
        </small>
        {running && (
          <>
            <ProgressBar
              share={one.parts_total > 0 ? one.parts_done / one.parts_total : null}
              label={t('privacy.exports')}
            />
            <small>
              {t('privacy.export_progress', {
                done: one.parts_done,
                total: one.parts_total,
                count: one.rows_done,
              })}
            </small>
          </>
        )}
      </div>
      {kept && (
        <div className={styles.downloads}>
          {(['pdf', 'json'] as const).map((format) => (
            <Button
              key={format}
              component="a"
              size="xs"
              variant="default"
              href={`/api/v1/office/privacy-exports/${one.id}/${format}`}
              download
              leftSection={<IconDownload size={14} aria-hidden />}
              aria-label={t(`privacy.download_${format}_of`, {
                date: day,
                size: bytes(one[`${format}_size`] ?? 0),
              })}
            >
              {t(`privacy.download_${format}`)}
            </Button>
          ))}
        </div>
      )}
    </li>
  )
}

/** Asks in which language, and begins the export. */
function ExportDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { language: account.language },
    submit: (body, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/privacy-exports', {
          params: { path: { id: account.id } },
          body,
          headers: idempotent(idempotencyKey) as never,
        }),
      ),
    onDone: async () => {
      await queryClient.invalidateQueries({ queryKey: privacyExportsQuery(account.id).queryKey })
      showToast({ tone: 'good', title: t('privacy.export_started') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('privacy.export_title', { name: account.name })} size="small">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <NativeSelect
          label={t('privacy.export_language')}
          data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
          {...form.field('language')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('privacy.export_start')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
