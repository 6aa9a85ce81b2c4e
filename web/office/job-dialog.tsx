import { useTranslation } from 'react-i18next'
import type { Job } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { Facts } from '../shared/page.tsx'
import { Callout } from '../shared/problem-alert.tsx'
import { StateBadge } from '../shared/state-badge.tsx'
import { DateText } from '../shared/values.tsx'
import { ButtonLink } from './button-link.tsx'
import styles from './job.module.css'
import { PermittedButton } from './permitted-button.tsx'

/** What a job is called: in words where it is one of ours. */
export function taskKey(task: string): string {
  return `jobs.task.${task.replace(':', '.')}`
}

/** The pages of what a job is about, by the ids in its payload. */
function linksOf(payload: unknown): { label: string; to: string }[] {
  const ids = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>
  const first = (value: unknown) => (Array.isArray(value) ? value[0] : value)
  const link = (label: string, path: string, value: unknown) =>
    typeof value === 'string' ? [{ label, to: `${path}/${value}` }] : []
  return [
    ...link('jobs.closing', '/closings', ids.closing_id),
    ...link('jobs.import', '/imports', ids.import_id),
    ...link('jobs.mail', '/mailbox', first(ids.notice_ids) ?? ids.notice_id),
  ]
}

/** One job with its whole error, and what can be done about it. */
export function JobDialog({
  job,
  busy,
  onRetry,
  onDiscard,
  onClose,
}: {
  job: Job
  busy: boolean
  onRetry: () => void
  onDiscard: () => void
  onClose: () => void
}) {
  const { t } = useTranslation()
  const running = job.state === 'running'
  const links = linksOf(job.payload)
  return (
    <Dialog opened onClose={onClose} title={t(taskKey(job.task), { defaultValue: job.task })} size="large">
      <div className={styles.body}>
        <Facts
          stacked
          facts={[
            [t('jobs.state'), <StateBadge key="state" kind="job" state={job.state} />],
            [t('jobs.attempts'), t('jobs.attempts_of', { attempts: job.attempts, max: job.max_attempts })],
            job.locked_at !== null
              ? [t('jobs.locked_at'), <DateText key="locked" value={job.locked_at} relative />]
              : job.state !== 'failed' && [
                  t('jobs.run_at'),
                  <DateText key="run" value={job.run_at} relative />,
                ],
            [t('jobs.created_at'), <DateText key="created" value={job.created_at} relative />],
            [t('jobs.number'), job.id],
          ]}
        />
        {job.state === 'failed' && <Callout tone="bad">{t('jobs.failed_help')}</Callout>}
        {job.state === 'retrying' && <Callout tone="warning">{t('jobs.retrying_help')}</Callout>}
        {running && <Callout tone="info">{t('jobs.running_help')}</Callout>}
        {job.last_error !== null && (
          <div>
            <h3 className={styles.label}>{t('jobs.error')}</h3>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
            <pre className={styles.error} tabIndex={0}>
              {job.last_error}
            </pre>
          </div>
        )}
        {job.payload !== null && (
          <details className={styles.payload}>
            <summary>{t('jobs.payload')}</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
            <pre tabIndex={0}>{JSON.stringify(job.payload, null, 2)}</pre>
          </details>
        )}
        {links.length > 0 && (
          <div className={styles.links}>
            {links.map((link) => (
              <ButtonLink key={link.to} to={link.to as never} variant="default" size="xs">
                {t(link.label)}
              </ButtonLink>
            ))}
          </div>
        )}
      </div>
      {!running && (
        <DialogActions>
          <PermittedButton needs="jobs.write" variant="light" color="bad" onClick={onDiscard}>
            {t('jobs.discard')}
          </PermittedButton>
          <PermittedButton needs="jobs.write" loading={busy} onClick={onRetry}>
            {t('jobs.retry')}
          </PermittedButton>
        </DialogActions>
      )}
    </Dialog>
  )
}
