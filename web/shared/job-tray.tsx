import IconListCheck from '@tabler/icons-react/dist/esm/icons/IconListCheck.mjs'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import styles from './job-tray.module.css'
import { Popout } from './popout.tsx'
import { StateBadge } from './state-badge.tsx'
import { useFormats } from './use-formats.ts'

/** A long piece of work that goes on wherever one is: an import, a closing. */
export interface TrayJob {
  id: string
  title: string
  /** queued, running, done, failed, interrupted. */
  state: string
  /** Share of one, or null while it is not known. */
  progress: number | null
  detail?: string
  /** Where its result is. */
  to: string
}

/** How far a piece of work is: a bar with its words. `share` is of one; null moves without an end in sight. */
export function ProgressBar({ share, label }: { share: number | null; label: string }) {
  const { percent } = useFormats()
  return (
    <progress
      className={styles.progress}
      value={share ?? undefined}
      max={1}
      aria-label={label}
      aria-valuetext={share === null ? undefined : percent(share)}
    />
  )
}

/** The tray of long jobs in the bar of the office. */
export function JobTray({ jobs }: { jobs: TrayJob[] }) {
  const { t } = useTranslation('common')
  const running = jobs.filter((job) => job.state === 'running' || job.state === 'queued')
  return (
    <Popout
      title={t('tray.title')}
      label={running.length > 0 ? t('tray.running', { count: running.length }) : t('tray.title')}
      trigger={
        <>
          <IconListCheck size={20} aria-hidden />
          {running.length > 0 && (
            <span className={styles.count} aria-hidden>
              {running.length}
            </span>
          )}
        </>
      }
    >
      {(close) => (
        <div className={styles.panel}>
          <h2>{t('tray.title')}</h2>
          {jobs.length === 0 && <p className={styles.nothing}>{t('tray.nothing')}</p>}
          <ul>
            {jobs.map((job) => (
              <li key={job.id}>
                <div className={styles.line}>
                  <Link to={job.to} onClick={close}>
                    {job.title}
                  </Link>
                  <StateBadge kind="job" state={job.state} />
                </div>
                {job.state === 'running' && <ProgressBar share={job.progress} label={job.title} />}
                {job.detail && <p className={styles.detail}>{job.detail}</p>}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Popout>
  )
}
