import { Button, TextInput } from '@mantine/core'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import shared from './credentials.module.css'
import { Dialog, DialogActions } from './dialog.tsx'
import { Callout } from './problem-alert.tsx'

/** What is shown this once, to be copied, with how it is used: it is closed by saying that it was kept. */
export function ShownOnce({
  texts,
  label,
  value,
  title,
  warning,
  older,
  example,
  done,
  onClose,
}: {
  /** The namespace whose words `copy`, `copied` and `how` are. */
  texts: 'keys' | 'webhooks'
  label: string
  value: string
  title: string
  warning: string
  /** What becomes of the one before; null where there was none. */
  older: string | null
  example: string
  done: string
  onClose: () => void
}) {
  const { t } = useTranslation(texts)
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value)
      setCopied(true)
    } catch {
      document.querySelector<HTMLInputElement>('dialog[open] input[readonly]')?.select()
    }
  }
  return (
    <Dialog opened onClose={onClose} title={title}>
      <div className={shared.form}>
        <Callout tone="warning">
          <p>{warning}</p>
        </Callout>
        <div className={shared.secret}>
          <TextInput
            label={label}
            value={value}
            readOnly
            spellCheck={false}
            onFocus={(event) => event.currentTarget.select()}
          />
          <Button
            variant={copied ? 'default' : 'filled'}
            leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            onClick={() => void copy()}
          >
            {t(copied ? 'copied' : 'copy')}
          </Button>
        </div>
        <span role="status" className="visually-hidden">
          {copied ? t('copied') : ''}
        </span>
        {older !== null && <p className={shared.muted}>{older}</p>}
        <figure className={shared.example}>
          <figcaption className={shared.muted}>{t('how')}</figcaption>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
          <pre tabIndex={0}>{example}</pre>
        </figure>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {done}
          </Button>
        </DialogActions>
      </div>
    </Dialog>
  )
}
