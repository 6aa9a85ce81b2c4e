import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Posting } from '../shared/api-types.gen.ts'
import { Dialog } from '../shared/dialog.tsx'
import { Facts } from '../shared/page.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { DateText, Money } from '../shared/values.tsx'
import formStyles from './form-layout.module.css'
import { numberOfInvoice } from './invoice-words.ts'

/** One posting as it stands in the books: who, when, why, and what was moved from where to where. */
export function PostingDialog({ posting, onClose }: { posting: Posting; onClose: () => void }) {
  const { t } = useTranslation('books')
  const { currency } = posting
  return (
    <Dialog opened onClose={onClose} title={t(`kind.${posting.kind}`)} size="large">
      <div className={formStyles.body}>
        <Facts
          facts={[
            [t('ledger.date'), <DateText key="on" value={posting.on_date} />],
            [t('ledger.posted_at'), <DateText key="at" value={posting.created_at} />],
            [
              t('ledger.customer'),
              <Link key="account" to={`/accounts/${posting.account_id}` as never}>
                {posting.account_name}
              </Link>,
            ],
            posting.reason !== null && [t('ledger.reason'), posting.reason],
          ]}
        />
        <SimpleTable
          label={t('ledger.posting')}
          rows={posting.entries.map((entry, index) => ({ ...entry, index }))}
          rowId={(row) => String(row.index)}
          columns={[
            {
              id: 'account',
              header: t('ledger.account'),
              primary: true,
              cell: (row) => `${row.code} ${row.name}`,
            },
            {
              id: 'document',
              header: t('ledger.document'),
              cell: (row) =>
                row.document === null ? (
                  '–'
                ) : (
                  <Link to={`/invoices/${row.document.id}` as never}>{numberOfInvoice(row.document)}</Link>
                ),
            },
            {
              id: 'debit',
              header: t('ledger.debit'),
              align: 'end',
              cell: (row) => (row.amount > 0 ? <Money amount={row.amount} currency={currency} /> : ''),
            },
            {
              id: 'credit',
              header: t('ledger.credit'),
              align: 'end',
              cell: (row) => (row.amount < 0 ? <Money amount={-row.amount} currency={currency} /> : ''),
            },
          ]}
          footer={[
            {
              label: t('ledger.totals'),
              value: <Money amount={posting.total} currency={currency} />,
              strong: true,
            },
          ]}
        />
      </div>
    </Dialog>
  )
}
