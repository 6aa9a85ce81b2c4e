import { Button } from '@mantine/core'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DocumentsPreview, DocumentsWritten, InvoiceDetail } from '../shared/api-types.gen.ts'
import { Section, Stacked } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './documents.module.css'
import { InvoiceLines } from './invoice-lines.tsx'
import { numberOfInvoice } from './invoice-words.ts'

/** What was asked for, and what it would write. */
export interface Shown<Values> {
  values: Values
  preview: DocumentsPreview
}

/** Whether a preview still is of what stands in the form. */
export function isCurrent<Values>(shown: Shown<Values> | null, values: Values): shown is Shown<Values> {
  return shown !== null && JSON.stringify(shown.values) === JSON.stringify(values)
}

/** What will be written, each document whole, and the button that writes exactly that. */
export function DocumentsPreviewPanel({
  preview,
  onConfirm,
  onWritten,
}: {
  preview: DocumentsPreview
  /** Sends the same request with the token. */
  onConfirm: (token: string, idempotencyKey: string) => Promise<DocumentsWritten>
  onWritten: (documents: InvoiceDetail[]) => void
}) {
  const { t } = useTranslation('documents')
  const { money } = useFormats()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  const key = useRef(crypto.randomUUID())
  const { documents, credit_given } = preview
  const credits = documents.some((one) => one.kind === 'credit_note')
  const confirm = async () => {
    setBusy(true)
    setProblem(null)
    try {
      const written = await onConfirm(preview.token, key.current)
      const [first] = written.documents
      showToast({
        tone: 'good',
        title: t('issued', {
          count: written.documents.length,
          number: first ? `${t(`kind.${first.kind}`)} ${numberOfInvoice(first)}` : '',
        }),
      })
      onWritten(written.documents)
    } catch (cause) {
      setProblem(cause)
      key.current = crypto.randomUUID()
    } finally {
      setBusy(false)
    }
  }
  return (
    <Section title={t('preview_title')} description={t('preview_text')}>
      <Stacked>
        {documents.map((document) => (
          <DocumentSheet key={document.id} document={document} />
        ))}
        {credits && (
          <Callout tone={credit_given > 0 ? 'info' : 'neutral'}>
            <p>
              {credit_given > 0
                ? t('credit_given', { amount: money(credit_given, documents[0]?.currency ?? 'USD') })
                : t('no_credit_given')}
            </p>
          </Callout>
        )}
        <ProblemAlert error={problem} />
        <div className={styles.confirm}>
          <Button loading={busy} onClick={confirm}>
            {t('issue', { count: documents.length })}
          </Button>
        </div>
      </Stacked>
    </Section>
  )
}

/** One document as it will be: no number yet, its lines and why. */
function DocumentSheet({ document }: { document: InvoiceDetail }) {
  const { t } = useTranslation('documents')
  const { date } = useFormats()
  const facts = [
    document.kind === 'proforma'
      ? `${t('valid_until')} ${date(document.due_date, 'long')}`
      : document.kind === 'credit_note'
        ? null
        : `${t('due_date')} ${date(document.due_date, 'long')}`,
    document.reason,
  ].filter(Boolean)
  return (
    <div className={styles.sheet}>
      <div className={styles.sheetHead}>
        <h3>{t(`kind.${document.kind}`)}</h3>
        {facts.length > 0 && <p>{facts.join(' · ')}</p>}
      </div>
      <InvoiceLines label={t(`kind.${document.kind}`)} invoice={document} />
    </div>
  )
}
