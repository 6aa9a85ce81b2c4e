import IconArrowRight from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs'
import { useTranslation } from 'react-i18next'
import type { ChangeCostLine, ChangePreview, ChangeSide } from './api-types.gen.ts'
import styles from './change-preview.module.css'
import { addDays } from './formats.ts'
import { useFormats } from './use-formats.ts'
import { Money } from './values.tsx'

const partKey = (part: ChangeSide['parts'][number]) =>
  [part.role, part.description, part.quantity, part.amount, part.cycle_unit, part.cycle_count].join(' ')

/** What a change would do and cost, before it is done: what the service is and will be, every line, and what comes next. */
export function ChangePreviewBox({ preview }: { preview: ChangePreview }) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const { before, after, costs, kind } = preview
  const same = before.parts.map(partKey).join() === after.parts.map(partKey).join()
  const facts = listFacts(preview)
  return (
    <section className={styles.preview} aria-label={t('preview.title')}>
      <div className={styles.when}>
        <strong>
          {t(preview.scheduled ? 'preview.scheduled' : 'preview.from', {
            date: date(preview.effective_on, 'long'),
          })}
        </strong>
        <small>
          {t(
            preview.timing === 'period_end'
              ? 'preview.period_end'
              : preview.scheduled
                ? 'preview.waits'
                : 'preview.at_once',
          )}
        </small>
      </div>
      {!same && kind !== 'cancel' && (
        <div className={styles.sides}>
          <Side
            title={t('preview.before')}
            side={before}
            other={after}
            mark="data-gone"
            currency={costs.currency}
          />
          <IconArrowRight size={20} aria-hidden />
          <Side
            title={t('preview.after')}
            side={after}
            other={before}
            mark="data-new"
            currency={costs.currency}
          />
        </div>
      )}
      {facts.length > 0 && (
        <dl className={styles.lines}>
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt>{t(label)}</dt>
              <dd>{value(date, (method) => t(`payment_method.${method}`))}</dd>
            </div>
          ))}
        </dl>
      )}
      {preview.dropped.length > 0 && <p>{t('preview.dropped', { names: preview.dropped.join(', ') })}</p>}
      <Costs preview={preview} />
    </section>
  )
}

type Tell = (date: (value: string, style?: 'long') => string, words: (method: string) => string) => string

/** What is neither a price nor a line: when it ends, whose it is, when it is due. */
function listFacts({ before, after, kind }: ChangePreview): [string, Tell][] {
  const facts: [string, Tell][] = []
  if (kind === 'transfer') facts.push(['preview.account', () => after.account_name])
  if (kind === 'cancel' && after.end_date !== null)
    facts.push(['preview.last_day', (date) => date(addDays(after.end_date!, -1), 'long')])
  if (before.billing_start !== after.billing_start && after.billing_start !== null)
    facts.push(['preview.billing_start', (date) => date(after.billing_start!, 'long')])
  if (before.due_day !== after.due_day) facts.push(['preview.due_day', () => String(after.due_day)])
  if (before.payment_method !== after.payment_method)
    facts.push(['preview.payment_method', (_, words) => words(after.payment_method)])
  return facts
}

function Side({
  title,
  side,
  other,
  mark,
  currency,
}: {
  title: string
  side: ChangeSide
  other: ChangeSide
  mark: 'data-new' | 'data-gone'
  currency: string
}) {
  const { t } = useTranslation('changes')
  const { money } = useFormats()
  const known = new Set(other.parts.map(partKey))
  return (
    <div className={styles.side}>
      <h3>{title}</h3>
      <ul>
        {side.parts.map((part, index) => (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: parts keep their place
            key={index}
            {...(known.has(partKey(part)) ? {} : { [mark]: true })}
          >
            <span>
              {part.quantity > 1
                ? t('preview.quantity', { count: part.quantity, name: part.description })
                : part.description}
            </span>
            <span>
              {t(`cycle.${part.cycle_unit}`, {
                count: part.cycle_count,
                amount: money(part.amount, currency),
              })}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Each amount with the days that it comes from. */
function Costs({ preview }: { preview: ChangePreview }) {
  const { t } = useTranslation('changes')
  const { date } = useFormats()
  const { costs } = preview
  const money = (amount: number) => <Money amount={amount} currency={costs.currency} />
  const nothing = costs.credits.length + costs.charges.length + costs.one_off.length === 0
  const { penalty } = costs
  return (
    <div className={styles.block}>
      <h3>{t(preview.scheduled ? 'preview.costs_then' : 'preview.costs')}</h3>
      {nothing ? (
        <p className={styles.muted}>
          {t(preview.kind === 'due_day' ? 'preview.no_cost_ever' : 'preview.no_cost')}
        </p>
      ) : (
        <dl className={styles.lines}>
          <Lines lines={costs.credits} sign={-1} currency={costs.currency} word="preview.credit" />
          <Lines lines={costs.charges} sign={1} currency={costs.currency} word="preview.charge" />
          <Lines lines={costs.one_off} sign={1} currency={costs.currency} />
          <div className={styles.sum}>
            <dt>{t(costs.net < 0 ? 'preview.in_favour' : 'preview.to_pay')}</dt>
            <dd>{money(Math.abs(costs.net))}</dd>
          </div>
        </dl>
      )}
      {penalty && (
        <p className={styles.muted}>
          {t(penalty.waived ? 'preview.penalty_waived' : 'preview.penalty')}{' '}
          {penalty.formula && <code className={styles.formula}>{penalty.formula}</code>}
        </p>
      )}
      {costs.net < 0 && <p className={styles.muted}>{t('preview.credit_use')}</p>}
      {costs.next ? (
        <dl className={styles.lines}>
          <div>
            <dt>{t('preview.next', { date: date(costs.next.date, 'long') })}</dt>
            <dd>{money(costs.next.amount)}</dd>
          </div>
        </dl>
      ) : (
        preview.kind !== 'due_day' && <p className={styles.muted}>{t('preview.no_next')}</p>
      )}
    </div>
  )
}

function Lines({
  lines,
  sign,
  currency,
  word,
}: {
  lines: ChangeCostLine[]
  sign: 1 | -1
  currency: string
  word?: string
}) {
  const { t } = useTranslation('changes')
  const { period, money } = useFormats()
  return lines.map((line, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: lines keep their place
    <div key={index}>
      <dt>
        {word ? t(word, { name: line.description }) : line.description}
        <small>
          {word
            ? t('preview.days', { period: period(line.from, line.to), count: line.days, of: line.of })
            : line.instalment !== null &&
              t('preview.instalment', { number: line.instalment, of: line.instalments })}
          {line.tax > 0 && ` · ${t('preview.tax', { amount: money(line.tax, currency) })}`}
        </small>
      </dt>
      <dd>
        <Money amount={sign * line.total} currency={currency} />
      </dd>
    </div>
  ))
}
