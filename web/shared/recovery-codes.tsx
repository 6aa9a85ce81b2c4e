import { Button, Checkbox } from '@mantine/core'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconPrinter from '@tabler/icons-react/dist/esm/icons/IconPrinter.mjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useBrand } from './brand.tsx'
import { DialogActions } from './dialog.tsx'
import styles from './security.module.css'
import { showToast } from './toasts.tsx'

/** Recovery codes, which are shown this once: to copy, to save, to print; and a promise that they were kept. */
export function RecoveryCodes({
  codes,
  email,
  onKept,
}: {
  codes: string[]
  email: string
  onKept: () => void
}) {
  const { t } = useTranslation('security')
  const brand = useBrand()
  const [kept, setKept] = useState(false)
  const heading = t('recovery.file_heading', { name: brand.name, email })
  const sheet = `${heading}\n\n${codes.join('\n')}\n\n${t('recovery.file_note')}\n`
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(codes.join('\n'))
      showToast({ tone: 'good', title: t('recovery.copied') })
    } catch {
      showToast({ tone: 'bad', title: t('recovery.not_copied') })
    }
  }
  const download = () => {
    const address = URL.createObjectURL(new Blob([sheet], { type: 'text/plain;charset=utf-8' }))
    const link = document.createElement('a')
    link.href = address
    link.download = t('recovery.file_name')
    link.click()
    setTimeout(() => URL.revokeObjectURL(address), 1_000)
  }
  return (
    <div className={styles.form}>
      <p>{t('recovery.shown_once')}</p>
      <ul className={`${styles.codes} printed`} aria-label={t('recovery.title')} data-heading={heading}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={`${styles.buttons} ${styles.start}`}>
        <Button
          variant="default"
          leftSection={<IconCopy size={16} aria-hidden />}
          onClick={() => void copy()}
        >
          {t('recovery.copy')}
        </Button>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />} onClick={download}>
          {t('recovery.download')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconPrinter size={16} aria-hidden />}
          onClick={() => window.print()}
        >
          {t('recovery.print')}
        </Button>
      </div>
      <Checkbox
        label={t('recovery.kept')}
        checked={kept}
        onChange={(event) => setKept(event.currentTarget.checked)}
      />
      <DialogActions>
        <Button disabled={!kept} onClick={onKept}>
          {t('recovery.done')}
        </Button>
      </DialogActions>
    </div>
  )
}
