import { Button } from '@mantine/core'
import IconEye from '@tabler/icons-react/dist/esm/icons/IconEye.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useProblemToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { useSession } from './session.ts'
import styles from './view-banner.module.css'
import { stopViewing, viewQuery } from './viewing.ts'

/** Over every page: that a member of staff sees it as a customer, who, as whom, since when, and the way out. */
export function ViewBanner() {
  const { t } = useTranslation()
  const formats = useFormats()
  const session = useSession()
  const { data: view, refetch } = useQuery(viewQuery)
  const stop = useMutation({
    mutationFn: () => stopViewing(session.account_id),
    onError: useProblemToast(),
  })
  // Its hour ends while somebody reads: the page finds out by asking then.
  useEffect(() => {
    if (!view) return
    const left = Date.parse(view.expires_at) - Date.now()
    const timer = setTimeout(() => void refetch(), Math.max(1_000, left + 1_000))
    return () => clearTimeout(timer)
  }, [view, refetch])
  const as = view?.member_name
    ? t('view_as.member_of', { name: view.member_name, account: session.account_name })
    : (session.account_name ?? '')
  const acting = !session.read_only
  return (
    <section className={styles.banner} data-acting={acting || undefined} aria-label={t('view_as.label')}>
      <div className={styles.inside}>
        <span className={styles.icon} aria-hidden>
          {acting ? <IconPencil size={20} /> : <IconEye size={20} />}
        </span>
        <p className={styles.words}>
          <span>
            {t('view_as.marked')} <strong>{as}</strong>
            <span className={styles.mode}>{t(acting ? 'view_as.acting' : 'view_as.read_only')}</span>
          </span>
          {view && (
            <small>
              {t('view_as.who', {
                name: view.viewer_name,
                time: formats.time(view.started_at),
                end: formats.time(view.expires_at),
              })}
            </small>
          )}
        </p>
        <Button
          variant="default"
          size="sm"
          className={styles.stop}
          loading={stop.isPending}
          onClick={() => stop.mutate()}
        >
          {t('view_as.stop')}
        </Button>
      </div>
    </section>
  )
}
