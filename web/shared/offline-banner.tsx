import IconWifiOff from '@tabler/icons-react/dist/esm/icons/IconWifiOff.mjs'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './offline-banner.module.css'

const subscribe = (listener: () => void) => {
  window.addEventListener('online', listener)
  window.addEventListener('offline', listener)
  return () => {
    window.removeEventListener('online', listener)
    window.removeEventListener('offline', listener)
  }
}

/** Is there a network, as far as the browser knows? */
function useOnline(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => navigator.onLine,
    () => true,
  )
}

/** Says that there is no network and that what was typed stays. Once per app, in the root route. */
export function OfflineBanner() {
  const { t } = useTranslation('common')
  const online = useOnline()
  return (
    <div role="status">
      {!online && (
        <div className={styles.banner}>
          <IconWifiOff size={16} aria-hidden />
          {t('offline')}
        </div>
      )}
    </div>
  )
}
