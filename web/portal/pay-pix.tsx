import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { encode } from 'uqr'
import { useFormats } from '../shared/use-formats.ts'
import { CopyButton } from './copy-button.tsx'
import styles from './pay-page.module.css'

/** A QR code to be read by a phone's camera: black on white in the dark, too, with the quiet zone that readers need. */
export function PaymentCode({ text, label }: { text: string; label: string }) {
  const { size, data } = encode(text, { ecc: 'M', border: 2 })
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <div className={styles.code}>
      <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
        <path d={path} fill="currentColor" />
      </svg>
    </div>
  )
}

/** A Pix to be read by the camera, or copied into the bank's app on the same phone. */
export function PixAction({
  text,
  amount,
  expiresAt,
}: {
  text: string
  /** As it is written for people. */
  amount: string
  expiresAt: string | null
}) {
  const { t } = useTranslation('pay')
  return (
    <div className={styles.pix}>
      <PaymentCode text={text} label={t('pix.code', { amount })} />
      <div className={styles.pixWords}>
        <ol className={styles.steps}>
          <li>{t('pix.step_open')}</li>
          <li>{t('pix.step_read')}</li>
          <li>{t('pix.step_confirm', { amount })}</li>
        </ol>
        <label className={styles.copyText}>
          <span>{t('pix.text')}</span>
          <textarea readOnly rows={3} value={text} onFocus={(event) => event.currentTarget.select()} />
        </label>
        <CopyButton text={text} label={t('pix.copy')} copied={t('pix.copied')} variant="filled" />
        {expiresAt && <TimeLeft until={expiresAt} />}
      </div>
    </div>
  )
}

/** How long is left, by the second in the last hour. */
function TimeLeft({ until }: { until: string }) {
  const { t } = useTranslation('pay')
  const { exact, date } = useFormats()
  const left = useSecondsUntil(until)
  const words =
    left <= 0
      ? t('pix.over')
      : left < 3600
        ? t('pix.left', { time: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}` })
        : left < 86_400
          ? t('pix.left_hours', { count: Math.floor(left / 3600) })
          : t('pix.until', { date: date(until) })
  return (
    <p className={styles.left} role="timer" title={exact(until)}>
      <IconClock size={16} aria-hidden />
      {words}
    </p>
  )
}

function useSecondsUntil(instant: string): number {
  const leftOf = () => Math.max(0, Math.ceil((Date.parse(instant) - Date.now()) / 1000))
  const [left, setLeft] = useState(leftOf)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it depends on the instant alone
  useEffect(() => {
    const timer = setInterval(() => setLeft(leftOf()), 1000)
    return () => clearInterval(timer)
  }, [instant])
  return left
}
